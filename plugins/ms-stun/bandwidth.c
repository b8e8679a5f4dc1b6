/* bandwidth.c
 * Bandwidth management attributes of MS-TURN messages
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Document: [MS-TURNBWM] 2.2
 */

#include "turn_attributes.h"
#include "experts.h"

#define SITE_FIELDS_INIT { MS_TURN_ADDRESS_FIELDS_INIT, -1, -1, -1, -1 }

ms_turn_site_fields ms_turn_bwm_remote_site = SITE_FIELDS_INIT;
ms_turn_site_fields ms_turn_bwm_remote_relay_site = SITE_FIELDS_INIT;
ms_turn_site_fields ms_turn_bwm_local_site = SITE_FIELDS_INIT;
ms_turn_site_fields ms_turn_bwm_local_relay_site = SITE_FIELDS_INIT;
int hf_ms_turn_bwm_reservation_id = -1;
int hf_ms_turn_bwm_dialog_id = -1;
int hf_ms_turn_bwm_call_id = -1;
static int hf_ms_turn_bwm_check_type = -1;
static int hf_ms_turn_bwm_min_send = -1;
static int hf_ms_turn_bwm_max_send = -1;
static int hf_ms_turn_bwm_min_receive = -1;
static int hf_ms_turn_bwm_max_receive = -1;
static int hf_ms_turn_bwm_peer_location = -1;
static int hf_ms_turn_bwm_self_location = -1;
static int hf_ms_turn_bwm_federation = -1;

static const value_string check_types[] = {
    { 0, "check" },
    { 1, "commit" },
    { 2, "update" },
    { 0, NULL }
};

static const value_string locations[] = {
    { 0, "unknown" },
    { 1, "internet" },
    { 2, "intranet" },
    { 0, NULL }
};

static const value_string federations[] = {
    { 0, "none" },
    { 1, "enterprise" },
    { 2, "public cloud" },
    { 0, NULL }
};

static const char *
enumeration_text(packet_info *pinfo, uint32_t value, const value_string *names)
{
    const char *name = try_val_to_str(value, names);

    return name != NULL ? name : wmem_strdup_printf(pinfo->pool, "unknown (%u)", value);
}

/* 2.2.1: 16 reserved bits, 16 bits of type. */
void
ms_turn_decode_bwm_message(const ms_turn_attribute *a)
{
    const uint16_t type = tvb_get_ntohs(a->tvb, a->offset + 2);
    const char *name = enumeration_text(a->pinfo, type, check_types);

    proto_tree_add_string(a->tree, hf_ms_turn_bwm_check_type, a->tvb, a->offset + 2, 2, name);
    ms_turn_attribute_label(a, name);
    a->msg->bwm_check_type = type;
}

/* 2.2.3: minimum send, maximum send, minimum receive, maximum receive in kbit/s. */
void
ms_turn_decode_bwm_amount(const ms_turn_attribute *a)
{
    proto_tree_add_item(a->tree, hf_ms_turn_bwm_min_send, a->tvb, a->offset, 4, ENC_BIG_ENDIAN);
    proto_tree_add_item(a->tree, hf_ms_turn_bwm_max_send, a->tvb, a->offset + 4, 4, ENC_BIG_ENDIAN);
    proto_tree_add_item(a->tree, hf_ms_turn_bwm_min_receive, a->tvb, a->offset + 8, 4, ENC_BIG_ENDIAN);
    proto_tree_add_item(a->tree, hf_ms_turn_bwm_max_receive, a->tvb, a->offset + 12, 4, ENC_BIG_ENDIAN);
    proto_item_append_text(a->item, ": send %u to %u, receive %u to %u kbit/s",
        tvb_get_ntohl(a->tvb, a->offset), tvb_get_ntohl(a->tvb, a->offset + 4),
        tvb_get_ntohl(a->tvb, a->offset + 8), tvb_get_ntohl(a->tvb, a->offset + 12));
}

/* 2.2.4 to 2.2.7: laid out and XORed as XOR MAPPED ADDRESS; the site fields begin with the address. */
void
ms_turn_decode_bwm_site(const ms_turn_attribute *a)
{
    ms_turn_decode_xor_address(a);
}

/*
 * 2.2.8 to 2.2.11: V in the first bit, F (failover to the telephone network)
 * in the second one of the site answers only, then the two maxima in kbit/s.
 */
void
ms_turn_decode_bwm_answer(const ms_turn_attribute *a)
{
    const ms_turn_site_fields *site = (const ms_turn_site_fields *)a->row->field;
    const uint8_t flags = tvb_get_uint8(a->tvb, a->offset);
    const bool valid = (flags & 0x80) != 0;
    const bool pstn = site->pstn > 0 && (flags & 0x40) != 0;

    proto_tree_add_boolean(a->tree, site->valid, a->tvb, a->offset, 1, valid);
    if (site->pstn > 0)
        proto_tree_add_boolean(a->tree, site->pstn, a->tvb, a->offset, 1, pstn);
    proto_tree_add_item(a->tree, site->max_send, a->tvb, a->offset + 4, 4, ENC_BIG_ENDIAN);
    proto_tree_add_item(a->tree, site->max_receive, a->tvb, a->offset + 8, 4, ENC_BIG_ENDIAN);
    proto_item_append_text(a->item, ": %s, at most %u kbit/s to send, %u to receive", valid ? "valid" : "not valid",
        tvb_get_ntohl(a->tvb, a->offset + 4), tvb_get_ntohl(a->tvb, a->offset + 8));
    if (!valid)
        ts_expert_add(&ms_turn_expert_table, MS_TURN_EXPERT_BANDWIDTH_REFUSED, a->pinfo, a->item, "");
    if (pstn)
        ts_expert_add(&ms_turn_expert_table, MS_TURN_EXPERT_PSTN_FAILOVER, a->pinfo, a->item, "");
}

/* 2.2.14: peer location, own location, federation, reserved. */
void
ms_turn_decode_bwm_location(const ms_turn_attribute *a)
{
    const char *peer = enumeration_text(a->pinfo, tvb_get_uint8(a->tvb, a->offset), locations);
    const char *self = enumeration_text(a->pinfo, tvb_get_uint8(a->tvb, a->offset + 1), locations);
    const char *federation = enumeration_text(a->pinfo, tvb_get_uint8(a->tvb, a->offset + 2), federations);

    proto_tree_add_string(a->tree, hf_ms_turn_bwm_peer_location, a->tvb, a->offset, 1, peer);
    proto_tree_add_string(a->tree, hf_ms_turn_bwm_self_location, a->tvb, a->offset + 1, 1, self);
    proto_tree_add_string(a->tree, hf_ms_turn_bwm_federation, a->tvb, a->offset + 2, 1, federation);
    proto_item_append_text(a->item, ": peer %s, self %s, federation %s", peer, self, federation);
}

#define BWM_NUMBER_HF(var, label, name, blurb) \
    { &(var), { label, "ms_turn.bwm." name, FT_UINT32, BASE_DEC, NULL, 0, blurb, HFILL } }
#define BWM_TEXT_HF(var, label, name, blurb) \
    { &(var), { label, "ms_turn.bwm." name, FT_STRING, BASE_NONE, NULL, 0, blurb, HFILL } }
#define BWM_FLAG_HF(var, label, name, blurb) \
    { &(var), { label, "ms_turn.bwm." name, FT_BOOLEAN, BASE_NONE, NULL, 0, blurb, HFILL } }

#define RELAY_SITE_HF(site, label, name) \
    MS_TURN_ADDRESS_HF((site).address, label, "bwm." name, "Asked about in a bandwidth request"), \
    BWM_FLAG_HF((site).valid, label " Valid", name ".valid", "Bandwidth policy allows this path"), \
    BWM_NUMBER_HF((site).max_send, label " Maximum Send", name ".max_send", "Most that may be sent, in kbit/s"), \
    BWM_NUMBER_HF((site).max_receive, label " Maximum Receive", name ".max_receive", "Most that may be received, in kbit/s")
#define SITE_HF(site, label, name) \
    RELAY_SITE_HF(site, label, name), \
    BWM_FLAG_HF((site).pstn, label " PSTN Failover", name ".pstn", "Failover to the telephone network is allowed")

void
ms_turn_bandwidth_register(int proto)
{
    static hf_register_info hf[] = {
        BWM_TEXT_HF(hf_ms_turn_bwm_check_type, "Bandwidth Message", "check_type", "What is asked of bandwidth policy: check, commit, update"),
        { &hf_ms_turn_bwm_reservation_id, { "Reservation ID", "ms_turn.bwm.reservation_id", FT_BYTES, BASE_NONE, NULL, 0, "Identifies the bandwidth reservation", HFILL } },
        BWM_NUMBER_HF(hf_ms_turn_bwm_min_send, "Minimum Send", "min_send", "Least bandwidth to send with, in kbit/s"),
        BWM_NUMBER_HF(hf_ms_turn_bwm_max_send, "Maximum Send", "max_send", "Most bandwidth to send with, in kbit/s"),
        BWM_NUMBER_HF(hf_ms_turn_bwm_min_receive, "Minimum Receive", "min_receive", "Least bandwidth to receive with, in kbit/s"),
        BWM_NUMBER_HF(hf_ms_turn_bwm_max_receive, "Maximum Receive", "max_receive", "Most bandwidth to receive with, in kbit/s"),
        SITE_HF(ms_turn_bwm_remote_site, "Remote Site", "remote_site"),
        RELAY_SITE_HF(ms_turn_bwm_remote_relay_site, "Remote Relay Site", "remote_relay_site"),
        SITE_HF(ms_turn_bwm_local_site, "Local Site", "local_site"),
        RELAY_SITE_HF(ms_turn_bwm_local_relay_site, "Local Relay Site", "local_relay_site"),
        BWM_TEXT_HF(hf_ms_turn_bwm_dialog_id, "SIP Dialog ID", "dialog_id", "Identifies the SIP dialog of the call"),
        BWM_TEXT_HF(hf_ms_turn_bwm_call_id, "SIP Call ID", "call_id", "Identifies the call in SIP"),
        BWM_TEXT_HF(hf_ms_turn_bwm_peer_location, "Peer Location", "peer_location", "Network that the peer is in: unknown, internet, intranet"),
        BWM_TEXT_HF(hf_ms_turn_bwm_self_location, "Self Location", "self_location", "Network that the client is in: unknown, internet, intranet"),
        BWM_TEXT_HF(hf_ms_turn_bwm_federation, "Federation", "federation", "Kind of federation of the call: none, enterprise, public cloud"),
    };

    proto_register_field_array(proto, hf, array_length(hf));
}
