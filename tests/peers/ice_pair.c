/* ice_pair.c
 * Two libnice agents in one process: gather on loopback, connect, send media
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Usage: ice_pair oc2007r2|rfc5245
 * Prints "ufrag password" of each agent, then "ready". Ends by itself.
 */

#include <stdio.h>
#include <string.h>

#include <agent.h>

#define COMPONENT       1
#define MEDIA_PACKETS   20
#define RTP_LENGTH      60
#define LIMIT_SECONDS   20

typedef struct {
    NiceAgent *agent;
    guint stream;
    gboolean gathered;
    gboolean ready;
} peer;

static peer peers[2];
static GMainLoop *loop;
static int status = 1;
static guint packets;

static void
receive(NiceAgent *agent, guint stream, guint component, guint length, gchar *data, gpointer user_data)
{
    (void)agent; (void)stream; (void)component; (void)length; (void)data; (void)user_data;
}

/* PT 104, one packet every 20 ms. */
static gboolean
send_media(gpointer data)
{
    unsigned char packet[RTP_LENGTH] = { 0x80, 104, 0, (unsigned char)packets, 0, 0, (unsigned char)packets, 0, 0x12, 0x34, 0x56, 0x78 };

    (void)data;
    nice_agent_send(peers[0].agent, peers[0].stream, COMPONENT, sizeof packet, (const gchar *)packet);
    if (++packets < MEDIA_PACKETS)
        return TRUE;
    status = 0;
    g_main_loop_quit(loop);
    return FALSE;
}

static void
state_changed(NiceAgent *agent, guint stream, guint component, guint state, gpointer data)
{
    peer *self = (peer *)data;

    (void)agent; (void)stream; (void)component;
    if (state != NICE_COMPONENT_STATE_READY || self->ready)
        return;
    self->ready = TRUE;
    if (peers[0].ready && peers[1].ready) {
        puts("ready");
        g_timeout_add(20, send_media, NULL);
    }
}

static void
introduce(const peer *from, peer *to)
{
    gchar *ufrag, *password;
    GSList *candidates = nice_agent_get_local_candidates(from->agent, from->stream, COMPONENT);

    nice_agent_get_local_credentials(from->agent, from->stream, &ufrag, &password);
    printf("%s %s\n", ufrag, password);
    nice_agent_set_remote_credentials(to->agent, to->stream, ufrag, password);
    nice_agent_set_remote_candidates(to->agent, to->stream, COMPONENT, candidates);
    g_slist_free_full(candidates, (GDestroyNotify)nice_candidate_free);
    g_free(ufrag);
    g_free(password);
}

static void
gathered(NiceAgent *agent, guint stream, gpointer data)
{
    (void)agent; (void)stream;
    ((peer *)data)->gathered = TRUE;
    if (peers[0].gathered && peers[1].gathered) {
        introduce(&peers[0], &peers[1]);
        introduce(&peers[1], &peers[0]);
    }
}

static void
start(peer *self, NiceCompatibility compatibility, gboolean controlling)
{
    NiceAddress loopback;

    nice_address_init(&loopback);
    nice_address_set_from_string(&loopback, "127.0.0.1");
    self->agent = nice_agent_new(g_main_loop_get_context(loop), compatibility);
    g_object_set(self->agent, "controlling-mode", controlling, "upnp", FALSE, "ice-tcp", FALSE, NULL);
    nice_agent_add_local_address(self->agent, &loopback);
    self->stream = nice_agent_add_stream(self->agent, 1);
    nice_agent_attach_recv(self->agent, self->stream, COMPONENT, g_main_loop_get_context(loop), receive, NULL);
    g_signal_connect(self->agent, "candidate-gathering-done", G_CALLBACK(gathered), self);
    g_signal_connect(self->agent, "component-state-changed", G_CALLBACK(state_changed), self);
    nice_agent_gather_candidates(self->agent, self->stream);
}

static gboolean
give_up(gpointer data)
{
    (void)data;
    fputs("no connection in time\n", stderr);
    g_main_loop_quit(loop);
    return FALSE;
}

int
main(int argc, char **argv)
{
    const gboolean microsoft = argc == 2 && strcmp(argv[1], "oc2007r2") == 0;

    if (!microsoft && !(argc == 2 && strcmp(argv[1], "rfc5245") == 0))
        return 2;
    loop = g_main_loop_new(NULL, FALSE);
    for (int i = 0; i < 2; i++)
        start(&peers[i], microsoft ? NICE_COMPATIBILITY_OC2007R2 : NICE_COMPATIBILITY_RFC5245, i == 0);
    g_timeout_add_seconds(LIMIT_SECONDS, give_up, NULL);
    g_main_loop_run(loop);
    return status;
}
