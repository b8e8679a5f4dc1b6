/* signin.h
 * Which sign-in a name belongs to, and what the order of names says
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A sign-in of a client begins with
 *   - the first name that only a client of Teams or Skype asks for
 *     (ts_name_class.client_only), as a question or as a server name,
 *   - such a name more than 30 minutes after the latest one of the sign-in,
 *   - a bootstrap or Lync discovery name after 60 seconds without any name,
 *     when the sign-in has got past identity, or
 *   - an identity name asked again within 30 seconds after a bootstrap name
 *     was asked again, when the sign-in has got past identity.
 * No other name begins one: Windows, Office, Edge and servers ask for
 * telemetry, configuration, push and login names of ours on every PC. Names of
 * services that all of Microsoft 365 shares (login, Exchange, telemetry, ...)
 * belong to it for 120 seconds after its latest name of a product of ours;
 * names of shared infrastructure only where they were a link of a chain that
 * began in such a name. Shared names of the 60 seconds before a sign-in are
 * remembered with it for the report; their frames stay nobody's, and they
 * count for stages up to identity only.
 */

#ifndef TEAMSHARK_TEAMS_SIGNIN_H
#define TEAMSHARK_TEAMS_SIGNIN_H

#include "session/model.h"

/* How far a product's names prove Teams or Skype. */
typedef enum {
    TEAMS_NAME_FOREIGN,     /* not at all */
    TEAMS_NAME_INFRA,       /* only as a link of a chain of ours */
    TEAMS_NAME_SHARED,      /* only inside a sign-in */
    TEAMS_NAME_OWN,         /* but not that its client is here */
    TEAMS_NAME_CLIENT       /* only its client asks for it */
} teams_name_weight;

/* By product alone, and by the whole of what is known of the name. */
teams_name_weight teams_name_weigh(ts_product product);
teams_name_weight teams_name_class_weigh(const ts_name_class *name);

/* Is it a push channel, which a client that runs on opens again whenever it ends? */
bool teams_signin_is_push(ts_service service);

/* Is it a question or answer of a resolver that asks another one in its clients' place? */
bool teams_signin_is_forwarded(teams_model *model, const packet_info *pinfo, const ts_name_info *info);

/*
 * First pass: what the name says of the client's sign-in. Is the name ours?
 * *signin is then the sign-in that it belongs to, NULL where there is none;
 * *what is filled with its product, service and stage, which for a link of a
 * chain are the chain's.
 */
bool teams_signin_name(teams_model *model, packet_info *pinfo, teams_client *client, const ts_name_info *info,
    teams_learned *what, teams_signin **signin);

/*
 * First pass: remembers a name of a shared service that belongs to no sign-in.
 * endpoint is in file scope: where a server name went, NULL for DNS.
 */
void teams_signin_note_earlier(teams_model *model, const packet_info *pinfo, const address *who,
    const ts_name_info *info, const char *endpoint);

/* First pass: any attributed frame of a client; raises what is overdue. */
void teams_signin_frame(packet_info *pinfo, teams_client *client, const teams_frame_info *info);

/* Is it overdue at this time that a stage follows identity (D15), or a relay call set-up (D16)? */
bool teams_signin_is_stalled(const teams_signin *signin, const nstime_t *now);
bool teams_signin_lacks_media(const teams_signin *signin, const nstime_t *now);

/* Has the sign-in got past identity (bits of teams_signin.stages)? */
bool teams_signin_is_past_identity(uint32_t stages);

#endif /* TEAMSHARK_TEAMS_SIGNIN_H */
