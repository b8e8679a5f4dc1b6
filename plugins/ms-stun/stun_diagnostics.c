/* stun_diagnostics.c
 * What can be wrong with a check, a pair or its media: one row each
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "teams-stun.h"

typedef struct {
    const char *filter;
    int group;
    int severity;
    const char *summary;
    const char *advice;
} diagnostic_row;

static const diagnostic_row rows[TS_DIAG_COUNT] = {
    [TS_DIAG_ATTRIBUTE_LENGTH] = { "teams_stun.attribute_length", PI_PROTOCOL, PI_ERROR,
        "Attribute has a length that its layout does not allow",
        "only the bytes that are there are shown" },
    [TS_DIAG_ATTRIBUTE_OVERRUN] = { "teams_stun.attribute_overrun", PI_PROTOCOL, PI_ERROR,
        "Attribute is longer than the rest of the message",
        "the message is damaged, or uses another padding than RFC 8489 14" },
    [TS_DIAG_MESSAGE_SHORT] = { "teams_stun.message_short", PI_PROTOCOL, PI_ERROR,
        "Message is shorter than its length field says",
        "its end is missing; the receiver discards it" },
    [TS_DIAG_DISCARDED_CHECK] = { "teams_stun.discarded_check", PI_PROTOCOL, PI_ERROR,
        "Check lacks USERNAME or FINGERPRINT",
        "the peer discards it without an answer ([MS-ICE2] 3.1.5.4)" },
    [TS_DIAG_UNAUTHENTICATED_CHECK] = { "teams_stun.unauthenticated_check", PI_PROTOCOL, PI_ERROR,
        "Check lacks MESSAGE-INTEGRITY",
        "the peer answers with error 401 ([MS-ICE2] 3.1.5.4)" },
    [TS_DIAG_NO_IMPLEMENTATION_VERSION] = { "teams_stun.no_implementation_version", PI_PROTOCOL, PI_ERROR,
        "Check or answer lacks IMPLEMENTATION-VERSION although its session uses it",
        "[MS-ICE2] 2.2 demands it in every Binding request and response; a middlebox may have rewritten the message" },
    [TS_DIAG_CANDIDATE_IDENTIFIER_IN_RESPONSE] = { "teams_stun.candidate_identifier_in_response", PI_PROTOCOL, PI_ERROR,
        "CANDIDATE-IDENTIFIER in a response",
        "[MS-ICE2] 2.2 allows it in Binding requests only" },
    [TS_DIAG_DUAL_FORMAT_TWIN] = { "teams_stun.dual_format_twin", PI_SEQUENCE, PI_NOTE,
        "The same check in another message format, not a retransmission",
        "the sender does not know yet which format its peer understands" },
    [TS_DIAG_CHECK_UNANSWERED] = { "teams_stun.check_unanswered", PI_SEQUENCE, PI_WARN,
        "Check was sent five times or more without an answer",
        "the path between these two candidates is blocked or the candidate cannot be reached from here" },
    [TS_DIAG_NO_PAIR_ANSWERED] = { "teams_stun.no_pair_answered", PI_SEQUENCE, PI_ERROR,
        "No candidate pair of this session has been answered",
        "media cannot flow: look for blocked UDP 3478-3481 and for a missing relay" },
    [TS_DIAG_LEGACY_FINGERPRINT] = { "teams_stun.legacy_fingerprint", PI_CHECKSUM, PI_NOTE,
        "FINGERPRINT was computed with the misprinted CRC table of Windows Live Messenger 2009",
        "harmless: libnice and pidgin-sipe send it for old peers" },
    [TS_DIAG_BAD_FINGERPRINT] = { "teams_stun.bad_fingerprint", PI_CHECKSUM, PI_WARN,
        "FINGERPRINT is wrong under both known CRC tables",
        "the peer discards the message" },
    [TS_DIAG_ROLE_CONFLICT] = { "teams_stun.role_conflict", PI_SEQUENCE, PI_WARN,
        "Both sides claim the same ICE role",
        "one of them has to switch (RFC 8445 7.3.1.1); if it does not, no pair is nominated" },
    [TS_DIAG_ERROR_RESPONSE] = { "teams_stun.error_response", PI_RESPONSE_CODE, PI_WARN,
        "Check was refused",
        "the pair cannot be used unless the check is repeated with success" },
    [TS_DIAG_RELAYED_NOMINATION] = { "teams_stun.relayed_nomination", PI_SEQUENCE, PI_NOTE,
        "A relayed or TCP pair is nominated although a direct UDP pair was answered",
        "media takes a longer path than needed" },
    [TS_DIAG_CONSENT_LOST] = { "teams_stun.consent_lost", PI_SEQUENCE, PI_WARN,
        "Media flows one way and no check was answered on this pair for more than 5 seconds",
        "the other side is gone or its packets do not arrive" },
    [TS_DIAG_SYMMETRIC_NAT] = { "teams_stun.symmetric_nat", PI_SEQUENCE, PI_NOTE,
        "The same local socket has different public addresses towards different peers",
        "symmetric NAT: direct paths will mostly fail and calls depend on relays" },
    [TS_DIAG_BAD_INTEGRITY] = { "teams_stun.bad_integrity", PI_SECURITY, PI_WARN,
        "MESSAGE-INTEGRITY does not fit the password given for this user fragment",
        "the password is another one, or the message was changed on its way" },
    [TS_DIAG_MODALITY_CONFLICT] = { "teams_stun.modality_conflict", PI_SEQUENCE, PI_NOTE,
        "Ports and payload type disagree about the modality",
        "the first of server port, client port and payload type is believed" },
    [TS_DIAG_NOT_RTP] = { "teams_stun.not_rtp", PI_PROTOCOL, PI_NOTE,
        "Looks like RTP by its first byte, but its header does not fit its length",
        "left undecoded" },
};

static expert_field fields[TS_DIAG_COUNT];

void
ts_diag_register(int proto)
{
    static ei_register_info infos[TS_DIAG_COUNT];

    for (unsigned i = 0; i < TS_DIAG_COUNT; i++) {
        const expert_field unset = EI_INIT;
        const ei_register_info info = {
            &fields[i], { rows[i].filter, rows[i].group, rows[i].severity, rows[i].summary, EXPFILL }
        };

        fields[i] = unset;
        infos[i] = info;
    }
    expert_register_field_array(expert_register_protocol(proto), infos, TS_DIAG_COUNT);
}

void
ts_diag_add(packet_info *pinfo, proto_item *item, ts_diag diag, const char *detail)
{
    const diagnostic_row *row = &rows[diag];

    if (detail != NULL && *detail != '\0')
        expert_add_info_format(pinfo, item, &fields[diag], "%s (%s): %s", row->summary, detail, row->advice);
    else
        expert_add_info_format(pinfo, item, &fields[diag], "%s: %s", row->summary, row->advice);
    ts_frame_info_add_problem(pinfo, row->severity);
}
