/* packet-teams-flightproxy.c
 * Call signalling of Teams and Skype over UDP 3478: to flightproxy, and to call controllers before it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * No document describes this protocol; all here was observed in captures of
 * 2020. The first byte tells the kind: 06 data of the client and 07 data of
 * the server, each followed by a multiple of 16 bytes of ciphertext, and 03
 * an acknowledgement with 36 characters of a GUID. Data is sent again until
 * it is acknowledged. What an acknowledgement's GUID refers to is inside the
 * ciphertext, so acknowledgements are matched by order: the latest data of
 * the other side that has none yet.
 */

#include "demux.h"
#include "experts.h"

#include "common/duplicate.h"
#include "common/items.h"

void proto_register_teams_flightproxy(void);

#define GUID_LENGTH             36
#define BLOCK_LENGTH            16      /* bytes of a block of the ciphertext */
#define SERVER_PORT             3478

/* So many data messages of a side may wait for their acknowledgement. */
#define MAX_OUTSTANDING         16

typedef struct {
    uint32_t frame;
    uint32_t hash;
    uint32_t acknowledged_in;
} data_message;

typedef struct {
    char guid[GUID_LENGTH + 1];
    uint32_t frame;             /* first acknowledgement with this GUID */
    uint32_t data_frame;        /* what it acknowledges, 0 unknown */
} acknowledgement;

/* One side of a connection. File scope. */
typedef struct {
    data_message *sent[MAX_OUTSTANDING];    /* latest data, a ring */
    unsigned next;
    acknowledgement last;                   /* latest acknowledgement */
} side;

typedef struct {
    uint32_t number;
    side sides[2];                          /* client, server */
} connection;

/* What the first pass found out about a frame. File scope. */
typedef struct {
    uint32_t connection;
    const data_message *data;   /* of data: where its acknowledgement will be */
    uint32_t acknowledges;      /* frame, of acknowledgements; 0 unknown */
    uint32_t original;          /* frame, of retransmissions */
    bool from_client;
} flightproxy_frame_data;

static wmem_map_t *connections;     /* ts_flow -> connection */

static int proto_flightproxy = -1;
static int hf_teams_flightproxy_type = -1;
static int hf_teams_flightproxy_guid = -1;
static int hf_teams_flightproxy_connection = -1;
static int hf_teams_flightproxy_length = -1;
static int hf_teams_flightproxy_payload = -1;
static int hf_teams_flightproxy_retransmission_of = -1;
static int hf_teams_flightproxy_acknowledges = -1;
static int hf_teams_flightproxy_acknowledged_in = -1;

static int ett_flightproxy = -1;

static const value_string type_names[] = {
    { TS_FLIGHTPROXY_ACK, "acknowledgement" },
    { TS_FLIGHTPROXY_CLIENT, "client" },
    { TS_FLIGHTPROXY_SERVER, "server" },
    { 0, NULL }
};

static connection *
connection_of(const ts_flow *flow)
{
    connection *found = (connection *)wmem_map_lookup(connections, flow);
    if (found == NULL) {
        found = wmem_new0(wmem_file_scope(), connection);
        found->number = wmem_map_size(connections) + 1;
        wmem_map_insert(connections, flow, found);
    }
    return found;
}

/* ---- the first pass ---- */

static void
follow_data(const packet_info *pinfo, side *from, uint32_t hash, flightproxy_frame_data *frame_data)
{
    for (unsigned i = 0; i < MAX_OUTSTANDING; i++) {
        data_message *earlier = from->sent[i];

        if (earlier != NULL && earlier->hash == hash) {
            frame_data->original = earlier->frame;
            frame_data->data = earlier;
            return;
        }
    }
    data_message *message = wmem_new0(wmem_file_scope(), data_message);
    message->frame = pinfo->num;
    message->hash = hash;
    from->sent[from->next] = message;
    from->next = (from->next + 1) % MAX_OUTSTANDING;
    frame_data->data = message;
}

static data_message *
latest_unacknowledged(const side *from)
{
    data_message *latest = NULL;

    for (unsigned i = 0; i < MAX_OUTSTANDING; i++) {
        data_message *message = from->sent[i];
        if (message != NULL && message->acknowledged_in == 0 && (latest == NULL || message->frame > latest->frame))
            latest = message;
    }
    return latest;
}

static void
follow_acknowledgement(const packet_info *pinfo, side *from, const side *to, const char *guid, flightproxy_frame_data *frame_data)
{
    if (from->last.frame != 0 && strcmp(from->last.guid, guid) == 0) {
        frame_data->original = from->last.frame;
        frame_data->acknowledges = from->last.data_frame;
        return;
    }
    data_message *message = latest_unacknowledged(to);
    if (message != NULL) {
        message->acknowledged_in = pinfo->num;
        frame_data->acknowledges = message->frame;
    }
    (void)g_strlcpy(from->last.guid, guid, sizeof from->last.guid);
    from->last.frame = pinfo->num;
    from->last.data_frame = frame_data->acknowledges;
}

/* Of a message whose form was never observed only the connection is noted: it acknowledges and repeats nothing. */
static flightproxy_frame_data *
frame_data_new(tvbuff_t *tvb, packet_info *pinfo, const ts_demux_call *call, uint8_t type, const char *guid, bool regular)
{
    flightproxy_frame_data *frame_data = wmem_new0(wmem_file_scope(), flightproxy_frame_data);
    connection *conn = connection_of(call->flow);
    const bool duplicate = ts_duplicate_of(pinfo).frame != 0;

    frame_data->connection = conn->number;
    frame_data->from_client = type == TS_FLIGHTPROXY_CLIENT || (type == TS_FLIGHTPROXY_ACK && pinfo->destport == SERVER_PORT);
    side *from = &conn->sides[frame_data->from_client ? 0 : 1];
    side *to = &conn->sides[frame_data->from_client ? 1 : 0];

    if (!regular)
        return frame_data;
    if (type == TS_FLIGHTPROXY_ACK) {
        follow_acknowledgement(pinfo, from, to, guid, frame_data);
    } else {
        const int captured = (int)tvb_captured_length(tvb);
        follow_data(pinfo, from, wmem_strong_hash(tvb_get_ptr(tvb, 0, captured), (size_t)captured), frame_data);
    }
    if (duplicate)
        frame_data->original = 0;       /* nothing was sent again */
    return frame_data;
}

/* ---- every pass ---- */

static void
attach_info(packet_info *pinfo, const flightproxy_frame_data *frame_data)
{
    ts_flightproxy_info *info = (ts_flightproxy_info *)ts_frame_info_add(pinfo, TS_INFO_FLIGHTPROXY, sizeof *info);

    if (info != NULL)
        info->from_client = frame_data->from_client;
}

static void
show_frame_data(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *root, const flightproxy_frame_data *frame_data)
{
    ts_add_number(tvb, tree, hf_teams_flightproxy_connection, frame_data->connection);
    ts_add_number(tvb, tree, hf_teams_flightproxy_acknowledges, frame_data->acknowledges);
    if (frame_data->data != NULL)
        ts_add_number(tvb, tree, hf_teams_flightproxy_acknowledged_in, frame_data->data->acknowledged_in);
    ts_add_number(tvb, tree, hf_teams_flightproxy_retransmission_of, frame_data->original);
    if (frame_data->original != 0) {
        ts_expert_add(&flightproxy_expert_table, FLIGHTPROXY_EXPERT_RETRANSMISSION, pinfo, root,
            wmem_strdup_printf(pinfo->pool, "frame %u", frame_data->original));
        col_append_fstr(pinfo->cinfo, COL_INFO, ", same as frame %u", frame_data->original);
    }
    if (frame_data->acknowledges != 0)
        col_append_fstr(pinfo->cinfo, COL_INFO, ", of frame %u", frame_data->acknowledges);
}

/* The GUID of an acknowledgement that is as all that were observed; NULL for others. Packet scope. */
static const char *
guid_of(tvbuff_t *tvb, packet_info *pinfo)
{
    if (tvb_reported_length(tvb) != 1 + GUID_LENGTH || !tvb_bytes_exist(tvb, 1, GUID_LENGTH) ||
        !ts_is_ascii_guid(tvb_get_ptr(tvb, 1, GUID_LENGTH)))
        return NULL;
    return (const char *)tvb_get_string_enc(pinfo->pool, tvb, 1, GUID_LENGTH, ENC_ASCII);
}

/* What follows the type; false: it has a form that was never observed. */
static bool
show_contents(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *root, uint8_t type, const char *guid)
{
    const int length = (int)tvb_reported_length(tvb);

    if (guid != NULL) {
        proto_tree_add_string(tree, hf_teams_flightproxy_guid, tvb, 1, GUID_LENGTH, guid);
        proto_item_append_text(root, ", acknowledgement %s", guid);
        col_add_fstr(pinfo->cinfo, COL_INFO, "Acknowledgement %s", guid);
        return true;
    }
    if (type == TS_FLIGHTPROXY_ACK) {
        proto_item_append_text(root, ", acknowledgement without GUID, %d bytes", length - 1);
        col_add_fstr(pinfo->cinfo, COL_INFO, "Acknowledgement without GUID, %d bytes", length - 1);
        if (tvb_captured_length(tvb) > 1)
            call_data_dissector(tvb_new_subset_remaining(tvb, 1), pinfo, tree);
        /* One whose end the capture cut off may have been right. */
        return length == 1 + GUID_LENGTH && (int)tvb_captured_length(tvb) < length;
    }
    proto_item_append_text(root, ", %s data, %d bytes", val_to_str_const(type, type_names, "unknown"), length - 1);
    col_add_fstr(pinfo->cinfo, COL_INFO, "%s data, %d bytes encrypted", type == TS_FLIGHTPROXY_CLIENT ? "Client" : "Server", length - 1);
    if (tvb_captured_length(tvb) > 1)
        proto_tree_add_item(tree, hf_teams_flightproxy_payload, tvb, 1, -1, ENC_NA);
    return length > BLOCK_LENGTH && length % BLOCK_LENGTH == 1;
}

static int
dissect_flightproxy(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const ts_demux_call *call = (const ts_demux_call *)data;

    if (call == NULL || tvb_captured_length(tvb) < 1)
        return 0;

    const uint8_t type = tvb_get_uint8(tvb, 0);
    const int length = (int)tvb_reported_length(tvb);
    const char *guid = type == TS_FLIGHTPROXY_ACK ? guid_of(tvb, pinfo) : NULL;

    col_set_str(pinfo->cinfo, COL_PROTOCOL, "Flightproxy");
    proto_item *root = proto_tree_add_item(tree, proto_flightproxy, tvb, 0, -1, ENC_NA);
    proto_tree *sub = proto_item_add_subtree(root, ett_flightproxy);

    proto_tree_add_item(sub, hf_teams_flightproxy_type, tvb, 0, 1, ENC_BIG_ENDIAN);
    const bool observed = show_contents(tvb, pinfo, sub, root, type, guid);
    proto_item *item = proto_tree_add_uint(sub, hf_teams_flightproxy_length, tvb, 0, 0, (uint32_t)length);
    proto_item_set_generated(item);
    if (!observed)
        ts_expert_add(&flightproxy_expert_table, FLIGHTPROXY_EXPERT_UNEXPECTED, pinfo, item, "");
    if ((int)tvb_captured_length(tvb) < length)
        ts_expert_add(&flightproxy_expert_table, FLIGHTPROXY_EXPERT_TRUNCATED, pinfo, root, "");

    flightproxy_frame_data *frame_data = (flightproxy_frame_data *)p_get_proto_data(wmem_file_scope(), pinfo, proto_flightproxy, 0);
    if (frame_data == NULL && !PINFO_FD_VISITED(pinfo)) {
        frame_data = frame_data_new(tvb, pinfo, call, type, guid, observed && (type != TS_FLIGHTPROXY_ACK || guid != NULL));
        p_add_proto_data(wmem_file_scope(), pinfo, proto_flightproxy, 0, frame_data);
    }
    if (frame_data != NULL) {
        attach_info(pinfo, frame_data);
        show_frame_data(tvb, pinfo, sub, root, frame_data);
    }
    return length;
}

void
proto_register_teams_flightproxy(void)
{
    static hf_register_info hf[] = {
        { &hf_teams_flightproxy_type, { "Type", "teams_flightproxy.type", FT_UINT8, BASE_DEC, VALS(type_names), 0, "Data of client or server, or an acknowledgement; observed", HFILL } },
        { &hf_teams_flightproxy_guid, { "GUID", "teams_flightproxy.guid", FT_STRING, BASE_NONE, NULL, 0, "Identifier that an acknowledgement carries; observed", HFILL } },
        { &hf_teams_flightproxy_connection, { "Connection", "teams_flightproxy.connection", FT_UINT32, BASE_DEC, NULL, 0, "Number of the connection in this capture, from 1", HFILL } },
        { &hf_teams_flightproxy_length, { "Length", "teams_flightproxy.length", FT_UINT32, BASE_DEC, NULL, 0, "Bytes of the datagram, the type among them", HFILL } },
        { &hf_teams_flightproxy_payload, { "Encrypted Payload", "teams_flightproxy.payload", FT_BYTES, BASE_NONE, NULL, 0, "A multiple of 16 bytes; observed", HFILL } },
        { &hf_teams_flightproxy_retransmission_of, { "Retransmission Of", "teams_flightproxy.retransmission_of", FT_FRAMENUM, BASE_NONE, NULL, 0, "Frame that had the same bytes first", HFILL } },
        { &hf_teams_flightproxy_acknowledges, { "Acknowledges", "teams_flightproxy.acknowledges", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_ACK), 0, "Latest unacknowledged data of the other side, by order; observed", HFILL } },
        { &hf_teams_flightproxy_acknowledged_in, { "Acknowledged In", "teams_flightproxy.acknowledged_in", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_ACK), 0, "Frame of the acknowledgement, by order; observed", HFILL } },
    };
    static int *ett[] = { &ett_flightproxy };

    proto_flightproxy = proto_register_protocol("Teams and Skype Call Signalling over UDP", "Flightproxy", "teams_flightproxy");
    proto_register_field_array(proto_flightproxy, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    ts_expert_register(&flightproxy_expert_table, proto_flightproxy);
    ts_flightproxy_handle = create_dissector_handle(dissect_flightproxy, proto_flightproxy);
    connections = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_direct_hash, g_direct_equal);
}
