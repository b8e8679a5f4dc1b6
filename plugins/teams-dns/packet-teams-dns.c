/* packet-teams-dns.c
 * The names of Teams, Skype and Lync in DNS, TLS and QUIC
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A postdissector over the stock fields. It reads them on the first pass only,
 * keeps what they say with the frame, and shows that on every pass.
 */

#include "common/frame_map.h"
#include "common/items.h"

#include "teams-dns.h"

void proto_register_teams_dns(void);
void proto_reg_handoff_teams_dns(void);

static int proto_teams_dns = -1;

static int hf_teams_dns_name = -1;
static int hf_teams_dns_role = -1;
static int hf_teams_dns_product = -1;
static int hf_teams_dns_service = -1;
static int hf_teams_dns_stage = -1;
static int hf_teams_dns_infra = -1;
static int hf_teams_dns_cloud = -1;
static int hf_teams_dns_trust = -1;
static int hf_teams_dns_region = -1;
static int hf_teams_dns_datacenter = -1;
static int hf_teams_dns_environment = -1;
static int hf_teams_dns_confidence = -1;
static int hf_teams_dns_required = -1;
static int hf_teams_dns_anchored = -1;
static int hf_teams_dns_chain = -1;
static int hf_teams_dns_chain_names = -1;
static int hf_teams_dns_chain_length = -1;
static int hf_teams_dns_entry = -1;
static int hf_teams_dns_address = -1;
static int hf_teams_dns_ipv6 = -1;
static int hf_teams_dns_prefix = -1;

static int ett_teams_dns = -1;
static int ett_teams_dns_name = -1;
static int ett_teams_dns_chain = -1;
static int ett_teams_dns_address = -1;

static wmem_map_t *messages_of_frames;     /* ts_shown_message */
static dissector_handle_t teams_dns_handle;

/* In the order of ts_name_role. */
static const char *const role_names[] = { "question", "alias", "server_name", "proxy" };

static void
show_prefix(proto_tree *tree, tvbuff_t *tvb, const ts_prefix_row *prefix)
{
    if (prefix != NULL)
        ts_add_text(tvb, tree, hf_teams_dns_prefix, prefix->text);
}

/* What is not known keeps its place among the values, and is not shown. */
static void
add_value(tvbuff_t *tvb, proto_tree *tree, int hf, const char *text)
{
    proto_item *item = proto_tree_add_string(tree, hf, tvb, 0, 0, text);

    proto_item_set_generated(item);
    if (text[0] == '\0')
        proto_item_set_hidden(item);
}

/* Every field, known or not, in this order: the n-th value of each belongs to the n-th name. */
static proto_item *
show_name(proto_tree *tree, tvbuff_t *tvb, const ts_shown_name *shown)
{
    const ts_name_class *kind = shown->kind;
    proto_item *item = proto_tree_add_none_format(tree, hf_teams_dns_entry, tvb, 0, 0, "%s %s", role_names[shown->role], kind->name);
    proto_tree *name_tree = proto_item_add_subtree(item, ett_teams_dns_name);

    if (kind->service != TS_SERVICE_UNKNOWN)
        proto_item_append_text(item, ": %s", ts_service_label(kind->service));
    if (kind->product != TS_PRODUCT_UNKNOWN)
        proto_item_append_text(item, " (%s)", ts_product_label(kind->product));
    if (shown->possible)
        proto_item_append_text(item, ", possible");
    proto_item_set_generated(item);

    add_value(tvb, name_tree, hf_teams_dns_name, kind->name);
    add_value(tvb, name_tree, hf_teams_dns_role, role_names[shown->role]);
    add_value(tvb, name_tree, hf_teams_dns_product, ts_product_name(kind->product));
    add_value(tvb, name_tree, hf_teams_dns_service, ts_service_name(kind->service));
    add_value(tvb, name_tree, hf_teams_dns_stage, ts_stage_name(kind->stage));
    add_value(tvb, name_tree, hf_teams_dns_infra, ts_infra_name(kind->infra));
    add_value(tvb, name_tree, hf_teams_dns_cloud, ts_cloud_name(kind->cloud));
    add_value(tvb, name_tree, hf_teams_dns_trust, ts_trust_name(kind->trust));
    add_value(tvb, name_tree, hf_teams_dns_region, kind->region);
    add_value(tvb, name_tree, hf_teams_dns_datacenter, kind->datacenter);
    add_value(tvb, name_tree, hf_teams_dns_environment, kind->environment);
    add_value(tvb, name_tree, hf_teams_dns_confidence, ts_confidence_name(kind->confidence));
    add_value(tvb, name_tree, hf_teams_dns_required, kind->required);
    proto_item_set_generated(proto_tree_add_boolean(name_tree, hf_teams_dns_anchored, tvb, 0, 0, kind->anchored));
    show_prefix(name_tree, tvb, shown->prefix);
    return item;
}

/* "Chain: a [akamai-gtm] > b [azure-tm]", with a field for each name. */
static void
show_chain(proto_tree *tree, tvbuff_t *tvb, const ts_shown_message *shown)
{
    proto_item *item = proto_tree_add_none_format(tree, hf_teams_dns_chain_names, tvb, 0, 0, "Chain:");
    proto_tree *chain_tree = proto_item_add_subtree(item, ett_teams_dns_chain);

    proto_item_set_generated(item);
    for (unsigned i = 0; i < shown->chain_length; i++) {
        const ts_name_class *kind = &shown->chain[i];

        ts_add_text(tvb, chain_tree, hf_teams_dns_chain, kind->name);
        proto_item_append_text(item, "%s %s", i > 0 ? " >" : "", kind->name);
        if (kind->infra != TS_INFRA_UNKNOWN)
            proto_item_append_text(item, " [%s]", ts_infra_name(kind->infra));
    }
    proto_item_set_generated(proto_tree_add_uint(chain_tree, hf_teams_dns_chain_length, tvb, 0, 0, shown->chain_length));
}

/* An address below the name that it belongs to, and the prefix that covers it below the address. */
static void
show_address(proto_tree *tree, tvbuff_t *tvb, const ts_name_address *address)
{
    proto_item *item = address->end.addr.type == AT_IPv4 ?
        proto_tree_add_ipv4(tree, hf_teams_dns_address, tvb, 0, 0, *(const uint32_t *)address->end.addr.data) :
        proto_tree_add_ipv6(tree, hf_teams_dns_ipv6, tvb, 0, 0, (const ws_in6_addr *)address->end.addr.data);

    proto_item_set_generated(item);
    show_prefix(proto_item_add_subtree(item, ett_teams_dns_address), tvb, address->prefix);
}

static void
show_message(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ts_shown_message *shown)
{
    ts_act_as(pinfo, "Teams Names");

    proto_item *item = proto_tree_add_protocol_format(tree, proto_teams_dns, tvb, 0, 0, "Teams Names, %s", shown->summary);
    proto_tree *names_tree = proto_item_add_subtree(item, ett_teams_dns);
    proto_item **items = wmem_alloc0_array(pinfo->pool, proto_item *, shown->name_count + 1);

    proto_item_set_generated(item);
    if (shown->chain_length > 0)
        show_chain(names_tree, tvb, shown);
    for (unsigned i = 0; i < shown->name_count; i++)
        items[i] = show_name(names_tree, tvb, &shown->names[i]);
    for (unsigned i = 0; i < shown->address_count; i++) {
        const int name = shown->address_names[i];

        show_address(name < 0 ? names_tree : proto_item_get_subtree(items[name]), tvb, &shown->addresses[i]);
    }
    for (unsigned i = 0; i < shown->problem_count; i++) {
        const ts_shown_problem *problem = &shown->problems[i];

        ts_expert_add(&ts_dns_expert_table, problem->row, pinfo, problem->name < 0 ? item : items[problem->name],
            problem->detail);
    }
}

static void
append_addresses(wmem_array_t *addresses, const wmem_array_t *answers)
{
    for (unsigned i = 0; i < wmem_array_get_count((wmem_array_t *)answers); i++) {
        const ts_dns_answer *answer = (const ts_dns_answer *)wmem_array_index((wmem_array_t *)answers, i);

        if (answer->addr.type != AT_NONE)
            wmem_array_append_one(addresses, answer->addr);
    }
}

/* What an answer about another name gave: a client may ask for the last alias of a name of ours by itself. */
static void
tell_addresses(packet_info *pinfo, const ts_dns_message *dns, const char *name)
{
    if (!dns->dns || !dns->response || !ts_frame_info_wanted())
        return;
    wmem_array_t *addresses = wmem_array_new(pinfo->pool, sizeof(address));

    append_addresses(addresses, dns->answers);
    append_addresses(addresses, dns->hints);
    if (wmem_array_get_count(addresses) == 0)
        return;
    ts_addresses_info *info = (ts_addresses_info *)ts_frame_info_add(pinfo, TS_INFO_ADDRESSES, sizeof *info);

    if (info == NULL)
        return;
    info->name = name;
    info->addresses = (const address *)wmem_array_get_raw(addresses);
    info->count = wmem_array_get_count(addresses);
}

/* The first pass: what the frame's messages say, in their order. */
static ts_shown_message *
read_frame(packet_info *pinfo, proto_tree *tree)
{
    wmem_array_t *messages = ts_dns_messages(pinfo, tree);
    ts_shown_message *first = NULL, **next = &first;

    for (unsigned i = 0; messages != NULL && i < wmem_array_get_count(messages); i++) {
        const ts_dns_message *dns = (const ts_dns_message *)wmem_array_index(messages, i);
        ts_message message;

        ts_learn_nat64(pinfo, dns);
        if (!ts_analyse(pinfo, dns, &message))
            continue;
        *next = ts_frame_names_keep(&message, ts_check(&message));
        if (*next != NULL)
            next = &(*next)->next;
        if (!message.any_shown)
            tell_addresses(pinfo, dns, message.links[0].kind.name);
    }
    if (first != NULL)
        ts_frame_map_keep(messages_of_frames, pinfo, first);
    return first;
}

static int
dissect_teams_dns(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    const ts_shown_message *shown = PINFO_FD_VISITED(pinfo)
        ? (const ts_shown_message *)ts_frame_map_get(messages_of_frames, pinfo)
        : read_frame(pinfo, tree);

    for (; shown != NULL; shown = shown->next)
        show_message(tvb, pinfo, tree, shown);
    return (int)tvb_captured_length(tvb);
}

/* At registration and not in the handoff: the postdissector of "teams" has to run after this one. */
static void
register_names(void)
{
    const int proto_names = proto_register_protocol_in_name_only("Teams Names, of each frame", "Teams Names frame", "teamshark_names",
        proto_teams_dns, FT_PROTOCOL);

    teams_dns_handle = register_dissector("teams_dns", dissect_teams_dns, proto_names);
    register_postdissector(teams_dns_handle);
}

void
proto_register_teams_dns(void)
{
    static hf_register_info hf[] = {
        { &hf_teams_dns_name, { "Name", "teams_dns.name", FT_STRING, BASE_NONE, NULL, 0x0,
            "A DNS or server name that the taxonomy knows", HFILL } },
        { &hf_teams_dns_role, { "Role", "teams_dns.role", FT_STRING, BASE_NONE, NULL, 0x0,
            "What the name is here: question, alias (in an answer), server_name (TLS, QUIC) or proxy (what a client asks a proxy to connect to)", HFILL } },
        { &hf_teams_dns_product, { "Product", "teams_dns.product", FT_STRING, BASE_NONE, NULL, 0x0,
            "The product that the name belongs to (observed, where Microsoft documents none)", HFILL } },
        { &hf_teams_dns_service, { "Service", "teams_dns.service", FT_STRING, BASE_NONE, NULL, 0x0,
            "The service behind the name (observed, where Microsoft documents none)", HFILL } },
        { &hf_teams_dns_stage, { "Stage", "teams_dns.stage", FT_STRING, BASE_NONE, NULL, 0x0,
            "The stage of a sign-in or call in which clients look the name up (observed)", HFILL } },
        { &hf_teams_dns_infra, { "Infrastructure", "teams_dns.infra", FT_STRING, BASE_NONE, NULL, 0x0,
            "The load balancer or network that the name's zone stands for", HFILL } },
        { &hf_teams_dns_cloud, { "Cloud", "teams_dns.cloud", FT_STRING, BASE_NONE, NULL, 0x0,
            "The Microsoft cloud that the name is for", HFILL } },
        { &hf_teams_dns_trust, { "Trust", "teams_dns.trust", FT_STRING, BASE_NONE, NULL, 0x0,
            "Who can register names in the zone", HFILL } },
        { &hf_teams_dns_region, { "Region", "teams_dns.region", FT_STRING, BASE_NONE, NULL, 0x0,
            "The region in the name: geography, Azure region or Skype for Business forest", HFILL } },
        { &hf_teams_dns_datacenter, { "Datacenter", "teams_dns.datacenter", FT_STRING, BASE_NONE, NULL, 0x0,
            "The datacenter code in the name (observed)", HFILL } },
        { &hf_teams_dns_environment, { "Environment", "teams_dns.environment", FT_STRING, BASE_NONE, NULL, 0x0,
            "Production or a stage before it, by the name (observed)", HFILL } },
        { &hf_teams_dns_confidence, { "Confidence", "teams_dns.confidence", FT_STRING, BASE_NONE, NULL, 0x0,
            "How well the classification is supported; lower for names of shared zones that no chain proves", HFILL } },
        { &hf_teams_dns_required, { "Required", "teams_dns.required", FT_STRING, BASE_NONE, NULL, 0x0,
            "The endpoint set in which Microsoft lists the name as required", HFILL } },
        { &hf_teams_dns_anchored, { "Anchored", "teams_dns.anchored", FT_BOOLEAN, BASE_NONE, NULL, 0x0,
            "The name is Microsoft's own, or a chain from such a name led to it", HFILL } },
        { &hf_teams_dns_chain, { "Chain", "teams_dns.chain", FT_STRING, BASE_NONE, NULL, 0x0,
            "A name of the way from the question to the host", HFILL } },
        { &hf_teams_dns_chain_names, { "Names of the Chain", "teams_dns.chain.names", FT_NONE, BASE_NONE, NULL, 0x0,
            "The whole way from the question to the host, with its length", HFILL } },
        { &hf_teams_dns_entry, { "Entry", "teams_dns.entry", FT_NONE, BASE_NONE, NULL, 0x0,
            "A classified name with all that is known of it", HFILL } },
        { &hf_teams_dns_chain_length, { "Chain Length", "teams_dns.chain.length", FT_UINT32, BASE_DEC, NULL, 0x0,
            "Names in the chain, the question included", HFILL } },
        { &hf_teams_dns_address, { "Address", "teams_dns.address", FT_IPv4, BASE_NONE, NULL, 0x0,
            "An IPv4 address of the name, from the answer", HFILL } },
        { &hf_teams_dns_ipv6, { "IPv6 Address", "teams_dns.ipv6", FT_IPv6, BASE_NONE, NULL, 0x0,
            "An IPv6 address of the name, from the answer", HFILL } },
        { &hf_teams_dns_prefix, { "Prefix", "teams_dns.prefix", FT_STRING, BASE_NONE, NULL, 0x0,
            "Microsoft's address prefix that covers the address at the time of the frame", HFILL } },
    };

    static int *ett[] = { &ett_teams_dns, &ett_teams_dns_name, &ett_teams_dns_chain, &ett_teams_dns_address };

    proto_teams_dns = proto_register_protocol("Teams Names", "Teams Names", "teams_dns");
    proto_register_field_array(proto_teams_dns, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    messages_of_frames = ts_frame_map_new();
    ts_expert_register(&ts_dns_expert_table, proto_teams_dns);
    ts_user_names_register(prefs_register_protocol(proto_teams_dns, NULL));
    ts_history_register();
    ts_frame_names_register();
    register_names();
}

void
proto_reg_handoff_teams_dns(void)
{
    ts_frame_info_init();
    ts_dns_message_handoff(teams_dns_handle);
    ts_unusual_port_handoff(proto_teams_dns);
}
