/* dns_message.c
 * DNS messages and server names, as the stock dissectors show them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "dns_message.h"

#include <string.h>

#include <epan/ftypes/ftypes.h>

#include "common/icmp_error.h"
#include "common/text.h"
#include "common/stock_fields.h"

#define DNS_FLAG_RESPONSE   0x8000
#define DNS_FLAG_TRUNCATED  0x0200
#define DNS_FLAG_RECURSION  0x0100
#define DNS_OPCODE(flags)   (((flags) >> 11) & 0x0f)
#define DNS_RCODE(flags)    ((flags) & 0x0f)

typedef struct {
    packet_info *pinfo;
    wmem_array_t *messages;
    ts_dns_message *message;    /* the one being read, NULL outside DNS */
    const char *owner;          /* of the next record */
    ts_dns_answer *answer;      /* the record being read, NULL outside the answer section */
    bool http2_connect;         /* the request being read is a CONNECT */
    const char *http2_target;   /* that it asks for; NULL none */
    unsigned records;           /* read so far in the message, of all sections */
} dns_reader;

static int proto_dns = -1;

static const char *
finfo_string(dns_reader *reader, field_info *finfo)
{
    const char *text = fvalue_get_string(ws_finfo_value(finfo));

    return text == NULL ? "" : ts_clean_text(reader->pinfo->pool, wmem_strdup(reader->pinfo->pool, text));
}

/* Numbers come from the bytes beneath: the types of the fields differ between releases. */
static uint32_t
finfo_number(const field_info *finfo)
{
    if (finfo->ds_tvb == NULL || !tvb_bytes_exist(finfo->ds_tvb, finfo->start, finfo->length))
        return 0;
    return finfo->length == 4 ? tvb_get_ntohl(finfo->ds_tvb, finfo->start)
         : finfo->length == 2 ? tvb_get_ntohs(finfo->ds_tvb, finfo->start) : 0;
}

/* Some clients write the root into a server name; stock leaves it out of DNS names. */
static const char *
without_trailing_dot(dns_reader *reader, const char *name)
{
    const size_t length = strlen(name);

    return length > 1 && name[length - 1] == '.' ? wmem_strndup(reader->pinfo->pool, name, length - 1) : name;
}

static ts_dns_message *
append_message(dns_reader *reader, const ts_dns_message *message)
{
    wmem_array_append(reader->messages, message, 1);
    return (ts_dns_message *)wmem_array_index(reader->messages, wmem_array_get_count(reader->messages) - 1);
}

static ts_dns_message *
new_message(dns_reader *reader, bool dns)
{
    ts_dns_message message = { .dns = dns };

    if (wmem_array_get_count(reader->messages) >= TS_DNS_MAX_MESSAGES)
        return NULL;
    if (dns) {
        message.answers = wmem_array_new(reader->pinfo->pool, sizeof(ts_dns_answer));
        message.hints = wmem_array_new(reader->pinfo->pool, sizeof(ts_dns_answer));
    }
    return append_message(reader, &message);
}

static void
read_server_name(dns_reader *reader, field_info *finfo)
{
    ts_dns_message *message = new_message(reader, false);

    if (message != NULL)
        message->name = without_trailing_dot(reader, finfo_string(reader, finfo));
}

/* ---- what a client asks a proxy for ---- */

/* The host of "host:port" or "[address]:port", packet scope; NULL where there is none. */
static const char *
host_of_authority(dns_reader *reader, const char *authority)
{
    const char *end = authority + strcspn(authority, "/?#");
    const char *user = memchr(authority, '@', (size_t)(end - authority));
    const char *host = user == NULL ? authority : user + 1;
    const size_t length = host[0] == '[' ? strcspn(host, "]/") + 1 : strcspn(host, ":/?#");

    return length == 0 || host + length > end ? NULL : wmem_strndup(reader->pinfo->pool, host, length);
}

static void
add_proxy_target(dns_reader *reader, const char *authority)
{
    const char *host = host_of_authority(reader, authority);
    ts_dns_message *message = host == NULL ? NULL : new_message(reader, false);

    if (message == NULL)
        return;
    message->name = without_trailing_dot(reader, host);
    message->proxy = true;
}

/* RFC 9112 3.2: only requests to a proxy have a host there; "/path" and "*" are for the server itself. */
static void
read_http_target(dns_reader *reader, field_info *finfo)
{
    static const char *const schemes[] = { "http://", "https://", "ws://", "wss://" };
    const char *target = finfo_string(reader, finfo);

    /* Since 4.2 an answer repeats, as a generated item, the URI that it is about. */
    if (FI_GET_FLAG(finfo, FI_GENERATED))
        return;
    for (size_t i = 0; i < array_length(schemes); i++) {
        const size_t length = strlen(schemes[i]);

        if (g_ascii_strncasecmp(target, schemes[i], length) == 0) {
            add_proxy_target(reader, target + length);
            return;
        }
    }
    if (target[0] != '/' && strchr(target, ':') != NULL)
        add_proxy_target(reader, target);
}

/*
 * RFC 9113 8.5: a CONNECT has an authority that is its target, and no path. One
 * with a path (RFC 8441) opens a WebSocket to the server itself; the order of
 * the two is free. In other requests the authority is the server's own name.
 */
static void
end_http2_request(dns_reader *reader)
{
    if (reader->http2_connect && reader->http2_target != NULL)
        add_proxy_target(reader, reader->http2_target);
    reader->http2_connect = false;
    reader->http2_target = NULL;
}

static void
read_http2_method(dns_reader *reader, field_info *finfo)
{
    end_http2_request(reader);
    reader->http2_connect = strcmp(finfo_string(reader, finfo), "CONNECT") == 0;
}

static void
read_http2_authority(dns_reader *reader, field_info *finfo)
{
    reader->http2_target = finfo_string(reader, finfo);
}

static void
read_http2_path(dns_reader *reader, field_info *finfo _U_)
{
    reader->http2_connect = false;
}

static void
read_socks_target(dns_reader *reader, field_info *finfo)
{
    const char *name = finfo_string(reader, finfo);

    if (name[0] != '\0')
        add_proxy_target(reader, name);
}

/* ---- DNS ---- */

static void
read_id(dns_reader *reader, field_info *finfo)
{
    reader->message->id = (uint16_t)finfo_number(finfo);
}

static void
read_flags(dns_reader *reader, field_info *finfo)
{
    uint16_t flags = (uint16_t)finfo_number(finfo);

    reader->message->response = (flags & DNS_FLAG_RESPONSE) != 0;
    reader->message->truncated = (flags & DNS_FLAG_TRUNCATED) != 0;
    reader->message->iterative = (flags & DNS_FLAG_RECURSION) == 0;
    reader->message->opcode = DNS_OPCODE(flags);
    reader->message->rcode = DNS_RCODE(flags);
}

static void
read_answer_count(dns_reader *reader, field_info *finfo)
{
    reader->message->answer_count = (uint16_t)finfo_number(finfo);
}

/* A further question (few resolvers answer two) is a message of its own; answers go by their owner. */
static void
read_question(dns_reader *reader, field_info *finfo)
{
    if (reader->message->name != NULL) {
        ts_dns_message next = *reader->message;

        if (wmem_array_get_count(reader->messages) >= TS_DNS_MAX_MESSAGES)
            return;
        reader->message->shares_answers = next.shares_answers = true;
        next.qtype = 0;
        reader->message = append_message(reader, &next);
    }
    reader->message->name = finfo_string(reader, finfo);
}

static void
read_question_type(dns_reader *reader, field_info *finfo)
{
    if (reader->message->qtype == 0)
        reader->message->qtype = (uint16_t)finfo_number(finfo);
}

static void
read_owner(dns_reader *reader, field_info *finfo)
{
    reader->owner = finfo_string(reader, finfo);
}

/* Every record shows its type; SRV records show their owner in pieces, which is the question's name. */
static void
read_type(dns_reader *reader, field_info *finfo)
{
    const char *owner = reader->owner != NULL ? reader->owner : reader->message->name;

    reader->owner = NULL;
    reader->answer = NULL;
    reader->records++;
    if (reader->records > reader->message->answer_count || reader->records > TS_DNS_MAX_ANSWERS || owner == NULL)
        return;

    ts_dns_answer answer = { .owner = owner, .type = (uint16_t)finfo_number(finfo) };

    clear_address(&answer.addr);
    wmem_array_append_one(reader->message->answers, answer);
    reader->answer = (ts_dns_answer *)wmem_array_index(reader->message->answers, wmem_array_get_count(reader->message->answers) - 1);
}

static void
read_ttl(dns_reader *reader, field_info *finfo)
{
    if (reader->answer != NULL)
        reader->answer->ttl = finfo_number(finfo);
}

static void
read_target(dns_reader *reader, field_info *finfo)
{
    ts_dns_answer *answer = reader->answer;

    if (answer == NULL || !(answer->type == TS_DNS_TYPE_CNAME || answer->type == TS_DNS_TYPE_SRV || answer->alias))
        return;
    answer->target = finfo_string(reader, finfo);
    answer->alias = answer->type != TS_DNS_TYPE_SRV;
}

/* SvcPriority 0 makes an alias of the record; the target follows. Other records give parameters of the name itself. */
static void
read_priority(dns_reader *reader, field_info *finfo)
{
    ts_dns_answer *answer = reader->answer;

    if (answer != NULL && (answer->type == TS_DNS_TYPE_HTTPS || answer->type == TS_DNS_TYPE_SVCB) && finfo->length == 2)
        answer->alias = finfo_number(finfo) == 0;
}

static void
fill_address(dns_reader *reader, ts_dns_answer *answer, const field_info *finfo)
{
    if (finfo->ds_tvb == NULL || !tvb_bytes_exist(finfo->ds_tvb, finfo->start, finfo->length))
        return;
    if (answer->type == TS_DNS_TYPE_A && finfo->length == 4)
        alloc_address_tvb(reader->pinfo->pool, &answer->addr, AT_IPv4, 4, finfo->ds_tvb, finfo->start);
    else if (answer->type == TS_DNS_TYPE_AAAA && finfo->length == 16)
        alloc_address_tvb(reader->pinfo->pool, &answer->addr, AT_IPv6, 16, finfo->ds_tvb, finfo->start);
}

static void
read_address(dns_reader *reader, field_info *finfo)
{
    if (reader->answer != NULL)
        fill_address(reader, reader->answer, finfo);
}

/* A client may connect to these without asking for more. */
static void
read_hint(dns_reader *reader, field_info *finfo)
{
    if (reader->answer == NULL || wmem_array_get_count(reader->message->hints) >= TS_DNS_MAX_ANSWERS)
        return;
    ts_dns_answer hint = *reader->answer;

    hint.type = finfo->length == 4 ? TS_DNS_TYPE_A : TS_DNS_TYPE_AAAA;
    hint.target = NULL;
    fill_address(reader, &hint, finfo);
    wmem_array_append_one(reader->message->hints, hint);
}

/* ---- which field is read how ---- */

static struct {
    const char *name;
    bool in_dns;
    void (*read)(dns_reader *r, field_info *finfo);
    int hf;
} fields[] = {
    { "tls.handshake.extensions_server_name",  false, read_server_name,   -1 },
    { "dtls.handshake.extensions_server_name", false, read_server_name,   -1 },
    { "http.request.uri",                      false, read_http_target,   -1 },
    { "http2.headers.method",                  false, read_http2_method,  -1 },
    { "http2.headers.authority",               false, read_http2_authority, -1 },
    { "http2.headers.path",                    false, read_http2_path,    -1 },
    { "socks.remote_name",                     false, read_socks_target,  -1 },
    { "socks.v4a_dns_name",                    false, read_socks_target,  -1 },
    { "dns.id",                                true,  read_id,            -1 },
    { "dns.flags",                             true,  read_flags,         -1 },
    { "dns.count.answers",                     true,  read_answer_count,  -1 },
    { "dns.qry.name",                          true,  read_question,      -1 },
    { "dns.qry.type",                          true,  read_question_type, -1 },
    { "dns.resp.name",                         true,  read_owner,         -1 },
    { "dns.resp.type",                         true,  read_type,          -1 },
    { "dns.resp.ttl",                          true,  read_ttl,           -1 },
    { "dns.cname",                             true,  read_target,        -1 },
    { "dns.srv.target",                        true,  read_target,        -1 },
    { "dns.svcb.svcpriority",                  true,  read_priority,      -1 },
    { "dns.svcb.targetname",                   true,  read_target,        -1 },
    { "dns.a",                                 true,  read_address,       -1 },
    { "dns.aaaa",                              true,  read_address,       -1 },
    { "dns.svcb.svcparam.ipv4hint.ip",         true,  read_hint,          -1 },
    { "dns.svcb.svcparam.ipv6hint.ip",         true,  read_hint,          -1 },
};

#define DNS_ITSELF  ((uint8_t)array_length(fields) + 1)   /* the protocol; a field's number is 1 + its row */

static ts_stock_walk fields_walk;

static void
read_field(dns_reader *reader, unsigned row, field_info *finfo)
{
    if (!fields[row].in_dns || reader->message != NULL)
        fields[row].read(reader, finfo);
}

static void
begin_message(dns_reader *reader)
{
    reader->message = new_message(reader, true);
    reader->owner = NULL;
    reader->answer = NULL;
    reader->records = 0;
}

static void
read_nodes(dns_reader *reader, const proto_node *parent)
{
    for (const proto_node *node = parent->first_child; node != NULL; node = node->next) {
        field_info *finfo = PNODE_FINFO(node);
        const uint8_t number = finfo == NULL ? (uint8_t)TS_STOCK_WALK_NONE : ts_stock_walk_number(&fields_walk, finfo);

        if (number == TS_STOCK_WALK_PASS_OVER)
            continue;
        if (number == DNS_ITSELF)
            begin_message(reader);
        else if (number != TS_STOCK_WALK_NONE)
            read_field(reader, number - 1u, finfo);
        if (node->first_child != NULL)
            read_nodes(reader, node);
        if (number == DNS_ITSELF)
            reader->message = NULL;
    }
}

bool
ts_dns_answers_whole(const ts_dns_message *message)
{
    const unsigned count = wmem_array_get_count(message->answers);

    for (unsigned i = 0; i < count; i++) {
        const ts_dns_answer *answer = (const ts_dns_answer *)wmem_array_index(message->answers, i);

        if ((answer->type == TS_DNS_TYPE_CNAME && answer->target == NULL) ||
                ((answer->type == TS_DNS_TYPE_A || answer->type == TS_DNS_TYPE_AAAA) && answer->addr.type == AT_NONE))
            return false;
    }
    return count == message->answer_count;
}

/* The fields of that id in the order of the frame, NULL where there are none. */
static const GPtrArray *
found_of(proto_tree *tree, int hf)
{
    const GPtrArray *found = hf > 0 ? proto_get_finfo_ptr_array(tree, hf) : NULL;

    return found == NULL || found->len == 0 ? NULL : found;
}

/* Requests of HTTP/2, which browsers send by the hundred, say something of a name only to a proxy. */
static bool
asks_a_proxy(const GPtrArray *methods)
{
    for (unsigned i = 0; i < methods->len; i++) {
        const char *method = fvalue_get_string(ws_finfo_value((field_info *)g_ptr_array_index(methods, i)));

        if (method != NULL && strcmp(method, "CONNECT") == 0)
            return true;
    }
    return false;
}

/* The walk tells which field is of which message: where one kind of field says it all, the order of that kind is enough. */
static void
read_frame(dns_reader *reader, proto_tree *tree)
{
    const GPtrArray *only = NULL;
    unsigned kinds = found_of(tree, proto_dns) != NULL ? 2 : 0;
    unsigned row_of_only = 0;

    for (unsigned row = 0; row < array_length(fields) && !fields[row].in_dns; row++) {
        const bool alone = fields[row].read != read_http2_authority && fields[row].read != read_http2_path;
        const GPtrArray *found = alone ? found_of(tree, fields[row].hf) : NULL;

        if (found == NULL)
            continue;
        if (fields[row].read == read_http2_method) {
            kinds += asks_a_proxy(found) ? 2 : 0;
            continue;
        }
        kinds++;
        only = found;
        row_of_only = row;
    }
    if (kinds == 0)
        return;
    reader->messages = wmem_array_new(reader->pinfo->pool, sizeof(ts_dns_message));
    for (unsigned i = 0; kinds == 1 && i < only->len; i++)
        read_field(reader, row_of_only, (field_info *)g_ptr_array_index(only, i));
    if (kinds > 1) {
        read_nodes(reader, tree);
        end_http2_request(reader);
    }
}

wmem_array_t *
ts_dns_messages(packet_info *pinfo, proto_tree *tree)
{
    dns_reader reader = { .pinfo = pinfo };

    /* The copies of datagrams in ICMP errors are nobody's questions. */
    if (!ts_has_wanted_fields(tree) || ts_frame_has_icmp(pinfo))
        return NULL;
    read_frame(&reader, tree);
    return reader.messages != NULL && wmem_array_get_count(reader.messages) > 0 ? reader.messages : NULL;
}

void
ts_dns_message_handoff(dissector_handle_t postdissector)
{
    GArray *wanted = g_array_new(FALSE, FALSE, (unsigned)sizeof(int));

    proto_dns = proto_get_id_by_filter_name("dns");
    if (proto_dns > 0)
        g_array_append_val(wanted, proto_dns);
    fields_walk = ts_stock_walk_new();
    ts_stock_walk_add(&fields_walk, proto_dns, DNS_ITSELF);
    for (size_t i = 0; i < array_length(fields); i++) {
        fields[i].hf = proto_registrar_get_id_byname(fields[i].name);
        if (fields[i].hf > 0)
            g_array_append_val(wanted, fields[i].hf);
        ts_stock_walk_add(&fields_walk, fields[i].hf, (uint8_t)(i + 1));
    }
    ts_want_fields(postdissector, wanted);
}
