/* ms_turn_client.c
 * libnice as an MS-TURN client: asks a relay on loopback for an allocation
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ms_turn_client PORT udp|tcp|tls: gathers candidates for at most three
 * seconds, as Office Communicator 2007 R2 does it; tls is pseudo-TLS.
 */

#include <nice/agent.h>
#include <stdlib.h>
#include <string.h>

static GMainLoop *loop;

static void
received(NiceAgent *agent, guint stream, guint component, guint length, gchar *data, gpointer user_data)
{
    (void)agent, (void)stream, (void)component, (void)length, (void)data, (void)user_data;
}

static gboolean
stop(gpointer user_data)
{
    (void)user_data;
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

static NiceRelayType
relay_type(const char *name)
{
    if (strcmp(name, "udp") == 0)
        return NICE_RELAY_TYPE_TURN_UDP;
    return strcmp(name, "tcp") == 0 ? NICE_RELAY_TYPE_TURN_TCP : NICE_RELAY_TYPE_TURN_TLS;
}

int
main(int argc, char **argv)
{
    if (argc != 3)
        return 2;

    NiceAddress local;
    loop = g_main_loop_new(NULL, FALSE);
    NiceAgent *agent = nice_agent_new(g_main_loop_get_context(loop), NICE_COMPATIBILITY_OC2007R2);

    nice_address_init(&local);
    nice_address_set_from_string(&local, "127.0.0.1");
    nice_agent_add_local_address(agent, &local);
    g_object_set(agent, "upnp", FALSE, "ice-tcp", TRUE, "ice-udp", TRUE, NULL);

    const guint stream = nice_agent_add_stream(agent, 1);
    /* User name and password are base64 in this dialect. */
    nice_agent_set_relay_info(agent, stream, 1, "127.0.0.1", (guint)atoi(argv[1]), "dXNlcm5hbWU=", "cGFzc3dvcmQ=",
        relay_type(argv[2]));
    nice_agent_attach_recv(agent, stream, 1, g_main_loop_get_context(loop), received, NULL);
    g_timeout_add(3000, stop, NULL);
    if (!nice_agent_gather_candidates(agent, stream))
        return 1;
    g_main_loop_run(loop);
    g_object_unref(agent);
    g_main_loop_unref(loop);
    return 0;
}
