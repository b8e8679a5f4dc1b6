/* packet-teams-dns.c
 * The names of Teams, Skype and Lync in DNS, TLS and QUIC
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A postdissector over the stock fields. It reads them on the first pass only,
 * keeps what they say with the frame, and shows that on every pass.
 */

#include "common/items.h"

#include <epan/expert.h>
#include <epan/prefs.h>
#include <epan/proto_data.h>

#include "frame_names.h"
#include "unusual_port.h"
#include "user_names.h"

void proto_register_teams_dns(void);
void proto_reg_handoff_teams_dns(void);

#define FRAME_KEY 0

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
static int hf_teams_dns_chain_length = -1;
static int hf_teams_dns_prefix = -1;

static int ett_teams_dns = -1;
static int ett_teams_dns_name = -1;

static dissector_handle_t teams_dns_handle;

/* In the order of ts_name_role. */
static const char *const role_names[] = { "question", "alias", "server_name", "proxy" };

/* Every field, known or not, in this order: the n-th value of each belongs to the n-th name. */
static proto_item *
show_name(proto_tree *tree, tvbuff_t *tvb, const ts_shown_name *shown)
{
    const ts_name_class *view = shown->view;
    proto_item *item;
    proto_tree *name_tree = proto_tree_add_subtree_format(tree, tvb, 0, 0, ett_teams_dns_name, &item, "%s %s",
        role_names[shown->role], view->name);

    if (view->service != TS_SERVICE_UNKNOWN)
        proto_item_append_text(item, ": %s", ts_service_label(view->service));
    if (view->product != TS_PRODUCT_UNKNOWN)
        proto_item_append_text(item, " (%s)", ts_product_label(view->product));
    if (shown->possible)
        proto_item_append_text(item, ", possible");
    proto_item_set_generated(item);

    ts_add_text(tvb, name_tree, hf_teams_dns_name, view->name);
    ts_add_text(tvb, name_tree, hf_teams_dns_role, role_names[shown->role]);
    ts_add_text(tvb, name_tree, hf_teams_dns_product, ts_product_name(view->product));
    ts_add_text(tvb, name_tree, hf_teams_dns_service, ts_service_name(view->service));
    ts_add_text(tvb, name_tree, hf_teams_dns_stage, ts_stage_name(view->stage));
    ts_add_text(tvb, name_tree, hf_teams_dns_infra, ts_infra_name(view->infra));
    ts_add_text(tvb, name_tree, hf_teams_dns_cloud, ts_cloud_name(view->cloud));
    ts_add_text(tvb, name_tree, hf_teams_dns_trust, ts_trust_name(view->trust));
    ts_add_text(tvb, name_tree, hf_teams_dns_region, view->region);
    ts_add_text(tvb, name_tree, hf_teams_dns_datacenter, view->datacenter);
    ts_add_text(tvb, name_tree, hf_teams_dns_environment, view->environment);
    ts_add_text(tvb, name_tree, hf_teams_dns_confidence, ts_confidence_name(view->confidence));
    ts_add_text(tvb, name_tree, hf_teams_dns_required, view->required);
    proto_item_set_generated(proto_tree_add_boolean(name_tree, hf_teams_dns_anchored, tvb, 0, 0, view->anchored));
    ts_add_text(tvb, name_tree, hf_teams_dns_chain, shown->chain);
    proto_item_set_generated(proto_tree_add_uint(name_tree, hf_teams_dns_chain_length, tvb, 0, 0, shown->chain_length));
    ts_add_text(tvb, name_tree, hf_teams_dns_prefix, shown->prefix);
    return item;
}

static void
show_message(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const ts_shown_message *shown)
{
    proto_item *item = proto_tree_add_protocol_format(tree, proto_teams_dns, tvb, 0, 0, "Teams Names, %s", shown->summary);
    proto_tree *names_tree = proto_item_add_subtree(item, ett_teams_dns);
    proto_item **items = wmem_alloc0_array(pinfo->pool, proto_item *, shown->name_count + 1);

    proto_item_set_generated(item);
    for (unsigned i = 0; i < shown->name_count; i++)
        items[i] = show_name(names_tree, tvb, &shown->names[i]);
    for (unsigned i = 0; i < shown->finding_count; i++) {
        const ts_shown_finding *finding = &shown->findings[i];

        ts_diagnostic_show(pinfo, finding->name < 0 ? item : items[finding->name], finding->diagnostic, finding->text);
    }
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

        if (!ts_analyse(pinfo, dns, &message))
            continue;
        *next = ts_frame_names_keep(&message, ts_diagnose(&message));
        if (*next != NULL)
            next = &(*next)->next;
    }
    if (first != NULL)
        p_add_proto_data(wmem_file_scope(), pinfo, proto_teams_dns, FRAME_KEY, first);
    return first;
}

static int
dissect_teams_dns(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    const ts_shown_message *shown = PINFO_FD_VISITED(pinfo)
        ? (const ts_shown_message *)p_get_proto_data(wmem_file_scope(), pinfo, proto_teams_dns, FRAME_KEY)
        : read_frame(pinfo, tree);

    for (; shown != NULL; shown = shown->next)
        show_message(tvb, pinfo, tree, shown);
    return (int)tvb_captured_length(tvb);
}

void
proto_register_teams_dns(void)
{
    static hf_register_info hf[] = {
        { &hf_teams_dns_name,
          { "Name", "teams_dns.name", FT_STRING, BASE_NONE, NULL, 0x0,
            "A DNS or server name that the taxonomy knows", HFILL } },
        { &hf_teams_dns_role,
          { "Role", "teams_dns.role", FT_STRING, BASE_NONE, NULL, 0x0,
            "What the name is here: question, alias (in an answer), server_name (TLS, QUIC) or proxy (what a client asks a proxy to connect to)", HFILL } },
        { &hf_teams_dns_product,
          { "Product", "teams_dns.product", FT_STRING, BASE_NONE, NULL, 0x0,
            "The product that the name belongs to (observed, where Microsoft documents none)", HFILL } },
        { &hf_teams_dns_service,
          { "Service", "teams_dns.service", FT_STRING, BASE_NONE, NULL, 0x0,
            "The service behind the name (observed, where Microsoft documents none)", HFILL } },
        { &hf_teams_dns_stage,
          { "Stage", "teams_dns.stage", FT_STRING, BASE_NONE, NULL, 0x0,
            "The stage of a sign-in or call in which clients look the name up (observed)", HFILL } },
        { &hf_teams_dns_infra,
          { "Infrastructure", "teams_dns.infra", FT_STRING, BASE_NONE, NULL, 0x0,
            "The load balancer or network that the name's zone stands for", HFILL } },
        { &hf_teams_dns_cloud,
          { "Cloud", "teams_dns.cloud", FT_STRING, BASE_NONE, NULL, 0x0,
            "The Microsoft cloud that the name is for", HFILL } },
        { &hf_teams_dns_trust,
          { "Trust", "teams_dns.trust", FT_STRING, BASE_NONE, NULL, 0x0,
            "Who can register names in the zone", HFILL } },
        { &hf_teams_dns_region,
          { "Region", "teams_dns.region", FT_STRING, BASE_NONE, NULL, 0x0,
            "The region in the name: geography, Azure region or Skype for Business forest", HFILL } },
        { &hf_teams_dns_datacenter,
          { "Datacenter", "teams_dns.datacenter", FT_STRING, BASE_NONE, NULL, 0x0,
            "The datacenter code in the name (observed)", HFILL } },
        { &hf_teams_dns_environment,
          { "Environment", "teams_dns.environment", FT_STRING, BASE_NONE, NULL, 0x0,
            "Production or a stage before it, by the name (observed)", HFILL } },
        { &hf_teams_dns_confidence,
          { "Confidence", "teams_dns.confidence", FT_STRING, BASE_NONE, NULL, 0x0,
            "How well the classification is supported; lower for names of shared zones that no chain proves", HFILL } },
        { &hf_teams_dns_required,
          { "Required", "teams_dns.required", FT_STRING, BASE_NONE, NULL, 0x0,
            "The endpoint set in which Microsoft lists the name as required", HFILL } },
        { &hf_teams_dns_anchored,
          { "Anchored", "teams_dns.anchored", FT_BOOLEAN, BASE_NONE, NULL, 0x0,
            "The name is Microsoft's own, or a chain from such a name led to it", HFILL } },
        { &hf_teams_dns_chain,
          { "Chain", "teams_dns.chain", FT_STRING, BASE_NONE, NULL, 0x0,
            "The names from the question to the host, each with its infrastructure", HFILL } },
        { &hf_teams_dns_chain_length,
          { "Chain Length", "teams_dns.chain.length", FT_UINT32, BASE_DEC, NULL, 0x0,
            "Names in the chain, the question included", HFILL } },
        { &hf_teams_dns_prefix,
          { "Prefix", "teams_dns.prefix", FT_STRING, BASE_NONE, NULL, 0x0,
            "Microsoft's address prefixes that cover the addresses of the name", HFILL } },
    };

    static int *ett[] = {
        &ett_teams_dns,
        &ett_teams_dns_name,
    };

    module_t *teams_dns_module;

    proto_teams_dns = proto_register_protocol("Teams Names", "Teams Names", "teams_dns");
    proto_register_field_array(proto_teams_dns, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    ts_expert_register(&ts_dns_expert_table, proto_teams_dns);

    teams_dns_module = prefs_register_protocol(proto_teams_dns, NULL);
    ts_user_names_register(teams_dns_module);
    ts_history_register();

    /* Here and not in the handoff: the umbrella's own postdissector has to run after this one. */
    teams_dns_handle = register_dissector("teams_dns", dissect_teams_dns, proto_teams_dns);
    register_postdissector(teams_dns_handle);
}

void
proto_reg_handoff_teams_dns(void)
{
    ts_frame_info_init();
    ts_dns_message_handoff(teams_dns_handle);
    ts_unusual_port_handoff(proto_teams_dns);
}
