/* model.c
 * What a capture is made of: clients, sign-ins, calls and flows
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/model.h"

#include <stdio.h>
#include <string.h>

#include <epan/to_str.h>

#include "common/endpoint.h"

static teams_model *current_model;

/* ---- texts ---- */

static const char *const transport_names[TEAMS_TRANSPORT_COUNT] = {
    "", "udp", "tcp", "tls", "quic", "pseudo-tls"
};

static const char *const path_names[TEAMS_PATH_COUNT] = {
    "", "direct", "relayed", "multiplexed", "tcp_fallback"
};

/* The same in a report's sentence: "Direct over UDP". */
static const char *const transport_labels[TEAMS_TRANSPORT_COUNT] = {
    "", "UDP", "TCP", "TLS", "QUIC", "pseudo-TLS"
};

static const char *const path_labels[TEAMS_PATH_COUNT] = {
    "Path unknown", "Direct", "Relayed", "Multiplexed", "Fallback"
};

static const char *const what_names[TEAMS_WHAT_COUNT] = {
    "", "", "relay", "check", "media", "media control", "signalling", "refused"
};

const char *
teams_transport_name(unsigned transport)
{
    return transport < TEAMS_TRANSPORT_COUNT ? transport_names[transport] : NULL;
}

const char *
teams_path_name(unsigned path)
{
    return path < TEAMS_PATH_COUNT ? path_names[path] : NULL;
}

const char *
teams_transport_label(teams_transport transport)
{
    return transport_labels[transport];
}

const char *
teams_path_label(teams_path path)
{
    return path_labels[path];
}

static const char *
family_label(const teams_frame_info *info)
{
    switch (info->product) {
    case TS_PRODUCT_SKYPE_CONSUMER:
        return "Skype";
    case TS_PRODUCT_SFB_ONLINE:
        return "Skype for Business";
    case TS_PRODUCT_LYNC_ONPREM:
        return "Lync";
    case TS_PRODUCT_SKYPE_SHARED:
        return info->what >= TEAMS_WHAT_RELAY ? "Skype" : "Teams";
    default:
        return "Teams";
    }
}

/* Interned: there are few, and many infos have the same one. */
static const char *
info_label(const teams_frame_info *info)
{
    const char *family = family_label(info);
    const bool service = info->what == TEAMS_WHAT_SERVICE || info->what == TEAMS_WHAT_NAME;
    const bool plain = info->modality == TS_MODALITY_UNKNOWN || info->what == TEAMS_WHAT_SIGNALLING;
    char text[128];

    if (service && info->service == TS_SERVICE_UNKNOWN)
        return family;
    if (service)
        snprintf(text, sizeof text, "%s %s", family, ts_service_name(info->service));
    else if (plain)
        snprintf(text, sizeof text, "%s %s", family, what_names[info->what]);
    else
        snprintf(text, sizeof text, "%s %s %s", family, ts_modality_name(info->modality), what_names[info->what]);
    return g_intern_string(text);
}

/* ---- keys ---- */

/* Both directions of a conversation have one key: the lower end first. */
typedef struct {
    ts_endpoint low;
    ts_endpoint high;
    uint32_t conversation;      /* tells TCP connections with reused ports apart */
    port_type ptype;
} flow_key;

static unsigned
flow_hash(const void *data)
{
    const flow_key *key = (const flow_key *)data;
    unsigned hash = add_address_to_hash(key->conversation ^ ((unsigned)key->low.port << 16 | key->high.port), &key->low.addr);

    return add_address_to_hash(hash, &key->high.addr);
}

static gboolean
flow_equal(const void *a, const void *b)
{
    const flow_key *x = (const flow_key *)a;
    const flow_key *y = (const flow_key *)b;

    return x->low.port == y->low.port && x->high.port == y->high.port && x->conversation == y->conversation &&
        x->ptype == y->ptype && addresses_equal(&x->low.addr, &y->low.addr) &&
        addresses_equal(&x->high.addr, &y->high.addr);
}

static flow_key
flow_key_between(port_type ptype, const ts_endpoint *a, const ts_endpoint *b)
{
    const int order = cmp_address(&a->addr, &b->addr);
    const bool a_low = order < 0 || (order == 0 && a->port <= b->port);
    const flow_key key = { .low = a_low ? *a : *b, .high = a_low ? *b : *a, .ptype = ptype };

    return key;
}

static flow_key
flow_key_of(packet_info *pinfo)
{
    const ts_endpoint source = ts_endpoint_source(pinfo);
    const ts_endpoint destination = ts_endpoint_destination(pinfo);
    flow_key key = flow_key_between(pinfo->ptype, &source, &destination);

    if (pinfo->ptype == PT_TCP) {
        const conversation_t *conversation = teams_conversation_of(pinfo);

        key.conversation = conversation == NULL ? 0 : conversation->conv_index;
    }
    return key;
}

/* ---- names, which are compared case-insensitive ---- */

static unsigned
name_hash(const void *data)
{
    uint8_t lower[256];     /* of longer ones, the beginning */
    size_t length = 0;

    for (const char *c = (const char *)data; *c != '\0' && length < sizeof lower; c++)
        lower[length++] = (uint8_t)g_ascii_tolower(*c);
    return wmem_strong_hash(lower, length);
}

static gboolean
name_equal(const void *a, const void *b)
{
    return g_ascii_strcasecmp((const char *)a, (const char *)b) == 0;
}

/* ---- infos ---- */

typedef struct {
    teams_frame_info info;      /* first: a kept info is where its label is */
    const char *label;
} kept_info;

/* Word by word, for each frame with a name asks. What a sender can choose of them are numbers of frames alone. */
static unsigned
info_hash(const void *key)
{
    uint64_t words[sizeof(teams_frame_info) / sizeof(uint64_t)], hash = 0;

    G_STATIC_ASSERT(sizeof words == sizeof(teams_frame_info));
    memcpy(words, key, sizeof words);
    for (size_t i = 0; i < array_length(words); i++) {
        hash = (hash ^ words[i]) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 32;
    }
    return (unsigned)hash;
}

static int
info_equal(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(teams_frame_info)) == 0;
}

/* ---- the model ---- */

teams_model *
teams_model_get(void)
{
    if (current_model == NULL) {
        wmem_allocator_t *scope = wmem_file_scope();

        current_model = wmem_new0(scope, teams_model);
        current_model->hosts = wmem_map_new(scope, ts_address_hash, ts_address_key_equal);
        current_model->resolved = wmem_map_new(scope, ts_address_hash, ts_address_key_equal);
        current_model->clients = wmem_map_new(scope, ts_address_hash, ts_address_key_equal);
        current_model->link_hosts = wmem_map_new(scope, ts_address_hash, ts_address_key_equal);
        current_model->client_addresses = wmem_map_new(scope, ts_address_hash, ts_address_key_equal);
        current_model->flows = wmem_map_new(scope, flow_hash, flow_equal);
        current_model->allocations = wmem_map_new(scope, g_direct_hash, g_direct_equal);
        current_model->pairs = wmem_map_new(scope, g_direct_hash, g_direct_equal);
        current_model->joined = wmem_map_new(scope, g_direct_hash, g_direct_equal);
        current_model->nominated = wmem_map_new(scope, g_direct_hash, g_direct_equal);
        current_model->chain_names = wmem_map_new(scope, name_hash, name_equal);
        current_model->infos = wmem_map_new(scope, info_hash, info_equal);
        current_model->strangers = wmem_map_new(scope, wmem_str_hash, g_str_equal);
        current_model->strangers_by_text = wmem_array_new(scope, sizeof(const char *));
        current_model->earlier_names = wmem_map_new(scope, ts_address_hash, ts_address_key_equal);
    }
    return current_model;
}

conversation_t *
teams_conversation_of(packet_info *pinfo)
{
    teams_model *model = teams_model_get();

    if (model->conversation.frame != pinfo->num) {
        model->conversation.frame = pinfo->num;
        model->conversation.found = find_conversation_pinfo(pinfo, 0);
    }
    return model->conversation.found;
}

void
teams_model_cleanup(void)
{
    current_model = NULL;       /* freed with the file scope */
}

void
teams_model_add_stranger(teams_model *model, const char *text)
{
    if (text[0] == '\0' || wmem_map_contains(model->strangers, text))
        return;
    wmem_map_insert(model->strangers, text, (void *)text);
    wmem_array_append_one(model->strangers_by_text, text);
}

static int
by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *
stranger_at(const teams_model *model, unsigned index)
{
    return *(const char **)wmem_array_index(model->strangers_by_text, index);
}

/* The first of some texts, alike up to there and sorted, that has this byte or a greater one there. */
static unsigned
first_with(const teams_model *model, unsigned from, unsigned to, size_t there, unsigned byte)
{
    while (from < to) {
        const unsigned middle = from + (to - from) / 2;

        if ((uint8_t)stranger_at(model, middle)[there] < byte)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* Byte by byte, so that many of them cost no more than a long one. */
const char *
teams_model_find_stranger(teams_model *model, const char *text)
{
    const unsigned count = wmem_array_get_count(model->strangers_by_text);
    unsigned from = 0, to = count;
    const char *found = NULL;

    if (model->strangers_sorted < count)
        wmem_array_sort(model->strangers_by_text, by_text);
    model->strangers_sorted = count;
    for (size_t at = 0; from < to; at++) {
        if (stranger_at(model, from)[at] == '\0')
            found = stranger_at(model, from++);
        if (text[at] == '\0')
            break;
        from = first_with(model, from, to, at, (uint8_t)text[at]);
        to = first_with(model, from, to, at, (uint8_t)text[at] + 1U);
    }
    return found;
}

teams_host *
teams_host_of(teams_model *model, const address *addr, bool add)
{
    teams_host *host = (teams_host *)wmem_map_lookup(model->hosts, addr);

    if (host == NULL && add) {
        host = wmem_new0(wmem_file_scope(), teams_host);
        copy_address_wmem(wmem_file_scope(), &host->addr, addr);
        wmem_map_insert(model->hosts, &host->addr, host);
    }
    return host;
}

static bool
may_be_named(const address *addr, const teams_learned *what)
{
    return (addr->type == AT_IPv4 || addr->type == AT_IPv6) &&
        (what->product == TS_PRODUCT_LYNC_ONPREM || !ts_address_is_private(addr));
}

void
teams_hosts_name(teams_model *model, const ts_name_info *info, const teams_learned *what)
{
    for (unsigned i = 0; i < info->address_count; i++) {
        const address *addr = &info->addresses[i].end.addr;

        if (!may_be_named(addr, what))
            continue;
        teams_host *host = teams_host_of(model, addr, true);

        host->learned = (teams_learned *)wmem_memdup(wmem_file_scope(), what, sizeof *what);
        host->taken = false;
    }
}

void
teams_host_take(teams_model *model, const address *addr, const char *name)
{
    teams_host *host = teams_host_of(model, addr, false);

    if (host == NULL || host->learned == NULL || name_equal(host->learned->name, name) || wmem_map_contains(model->chain_names, name))
        return;
    host->learned = NULL;
    host->taken = true;
}

static void
endpoint_copy(ts_endpoint *end, const address *addr, uint32_t port)
{
    copy_address_wmem(wmem_file_scope(), &end->addr, addr);
    end->port = (uint16_t)port;
}

static teams_flow *
flow_new(teams_model *model, const packet_info *pinfo, bool to_server)
{
    teams_flow *flow = wmem_new0(wmem_file_scope(), teams_flow);

    endpoint_copy(&flow->client_end, to_server ? &pinfo->src : &pinfo->dst, to_server ? pinfo->srcport : pinfo->destport);
    endpoint_copy(&flow->server_end, to_server ? &pinfo->dst : &pinfo->src, to_server ? pinfo->destport : pinfo->srcport);
    flow->client = teams_client_of(model, pinfo, &flow->client_end.addr, true);
    flow->endpoint = wmem_strdup_printf(wmem_file_scope(),
        flow->server_end.addr.type == AT_IPv6 ? "[%s]:%u" : "%s:%u",
        address_to_str(pinfo->pool, &flow->server_end.addr), flow->server_end.port);
    flow->base.flow = flow;
    flow->base.endpoint = flow->endpoint;
    flow->base.transport = pinfo->ptype == PT_TCP ? TEAMS_TRANSPORT_TCP : TEAMS_TRANSPORT_UDP;
    teams_host_of(model, &flow->server_end.addr, true);
    return flow;
}

teams_flow *
teams_flow_of(teams_model *model, packet_info *pinfo, bool add, bool to_server)
{
    const flow_key key = flow_key_of(pinfo);
    teams_flow *flow = (teams_flow *)wmem_map_lookup(model->flows, &key);

    if (flow == NULL && add) {
        flow_key *kept = (flow_key *)wmem_memdup(wmem_file_scope(), &key, sizeof key);
        flow = flow_new(model, pinfo, to_server);
        const bool client_low = addresses_equal(&key.low.addr, &flow->client_end.addr) && key.low.port == flow->client_end.port;

        kept->low = client_low ? flow->client_end : flow->server_end;
        kept->high = client_low ? flow->server_end : flow->client_end;
        wmem_map_insert(model->flows, kept, flow);
    }
    return flow;
}

teams_flow *
teams_flow_between(const teams_model *model, const ts_endpoint *a, const ts_endpoint *b)
{
    const flow_key key = flow_key_between(PT_UDP, a, b);

    return (teams_flow *)wmem_map_lookup(model->flows, &key);
}

bool
teams_flow_from_client(const teams_flow *flow, const packet_info *pinfo)
{
    return pinfo->srcport == flow->client_end.port && addresses_equal(&pinfo->src, &flow->client_end.addr);
}

static const teams_frame_info *
info_kept(const teams_frame_info *info)
{
    teams_model *model = teams_model_get();
    const teams_frame_info *known = (const teams_frame_info *)wmem_map_lookup(model->infos, info);

    if (known != NULL)
        return known;
    kept_info *kept = wmem_new0(wmem_file_scope(), kept_info);

    memcpy(&kept->info, info, sizeof *info);
    kept->label = info_label(info);
    wmem_map_insert(model->infos, &kept->info, &kept->info);
    return &kept->info;
}

/* Most frames of a flow say what the one before said. */
const teams_frame_info *
teams_frame_info_shared(const teams_frame_info *info)
{
    teams_flow *flow = info->flow;

    if (flow == NULL)
        return info_kept(info);
    if (flow->latest == NULL || !info_equal(flow->latest, info))
        flow->latest = info_kept(info);
    return flow->latest;
}

const char *
teams_frame_info_label(const teams_frame_info *info)
{
    return ((const kept_info *)info)->label;
}

const char *
teams_frame_info_label_of(const teams_frame_info *info, ts_service service)
{
    teams_frame_info other = *info;

    other.service = service;
    return teams_frame_info_label(info_kept(&other));
}

/* ---- proxies ---- */

/* HTTP above TLS is what a server gets; below it, what a proxy was asked for. */
bool
teams_is_through_proxy(const packet_info *pinfo)
{
    for (wmem_list_frame_t *each = wmem_list_head(pinfo->layers); each != NULL; each = wmem_list_frame_next(each)) {
        const char *name = proto_get_protocol_filter_name(GPOINTER_TO_INT(wmem_list_frame_data(each)));

        if (strcmp(name, "tls") == 0)
            return false;
        if (strcmp(name, "http") == 0 || strcmp(name, "socks") == 0)
            return true;
    }
    return false;
}
