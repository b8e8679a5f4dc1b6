/* signin.c
 * Which sign-in a name belongs to, and what the order of names says
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session/signin.h"

#include <string.h>

#include "common/endpoint.h"

#include "session/teams_expert.h"
#include "preferences.h"

/* Seconds; see signin.h and the documentation of reports. */
#define SIGNIN_GAP          1800.0
#define SIGNIN_QUIET        60.0
#define SIGNIN_REPEAT       30.0
#define SHARED_WINDOW       120.0
#define STALLED_AFTER       60.0
#define MEDIA_MISSING_AFTER 30.0

/* How long before a sign-in, in seconds, and how many messages of a client. */
#define EARLIER_WINDOW  60.0
#define EARLIER_MAX     32

#define STAGE_BIT(stage) (UINT32_C(1) << (stage))

#define STAGES_PAST_IDENTITY \
    (STAGE_BIT(TS_STAGE_TOKEN) | STAGE_BIT(TS_STAGE_REGISTER) | STAGE_BIT(TS_STAGE_SYNC) | \
     STAGE_BIT(TS_STAGE_CONTENT) | STAGE_BIT(TS_STAGE_CALL_SETUP) | STAGE_BIT(TS_STAGE_MEDIA))

#define STAGES_OF_START (STAGE_BIT(TS_STAGE_BOOTSTRAP) | STAGE_BIT(TS_STAGE_DISCOVERY_LEGACY))

bool
teams_signin_is_past_identity(uint32_t stages)
{
    return (stages & STAGES_PAST_IDENTITY) != 0;
}

teams_name_weight
teams_name_weigh(ts_product product)
{
    switch (product) {
    case TS_PRODUCT_UNKNOWN:
        return TEAMS_NAME_FOREIGN;
    case TS_PRODUCT_MS_INFRA:
        return TEAMS_NAME_INFRA;
    case TS_PRODUCT_M365_SHARED:
        return TEAMS_NAME_SHARED;
    default:
        return TEAMS_NAME_OWN;
    }
}

bool
teams_signin_is_push(ts_service service)
{
    return service == TS_SERVICE_PUSH_REALTIME || service == TS_SERVICE_PUSH_NOTIFICATION;
}

/*
 * Telemetry and configuration of Skype's are shared by all of Microsoft's programs.
 * A push channel is opened again and again by a client that runs on: that is no sign-in.
 */
teams_name_weight
teams_name_class_weigh(const ts_name_class *name)
{
    if (name->client_only && !teams_signin_is_push(name->service))
        return TEAMS_NAME_CLIENT;
    return name->product == TS_PRODUCT_SKYPE_SHARED ? TEAMS_NAME_SHARED : teams_name_weigh(name->product);
}

/* ---- names of shared services just before a sign-in ---- */

/*
 * Clients with a stored account ask for identity first, and for a name of
 * Teams a moment later. What a frame was given on the first pass stays, so the
 * earlier frames are nobody's; the sign-in remembers what they said.
 */

static void
drop_first(wmem_list_t *names)
{
    wmem_list_frame_t *first = wmem_list_head(names);

    wmem_free(wmem_file_scope(), wmem_list_frame_data(first));
    wmem_list_remove_frame(names, first);
}

static bool
first_is_too_old(const wmem_list_t *names, const nstime_t *now)
{
    const teams_sighting *first = (const teams_sighting *)wmem_list_frame_data(wmem_list_head(names));

    return ts_seconds(&first->time, now) > EARLIER_WINDOW;
}

static void
drop_old(wmem_list_t *names, const nstime_t *now)
{
    while (wmem_list_count(names) > 0 && first_is_too_old(names, now))
        drop_first(names);
}

void
teams_signin_note_earlier(teams_model *model, const packet_info *pinfo, const address *who, const ts_name_info *info, const char *endpoint)
{
    const teams_name_weight weight = teams_name_class_weigh(info->whole);

    if (weight < TEAMS_NAME_SHARED || weight == TEAMS_NAME_CLIENT)
        return;
    wmem_list_t *names = (wmem_list_t *)wmem_map_lookup(model->earlier_names, teams_client_address(model, pinfo, who));

    if (names == NULL) {
        names = wmem_list_new(wmem_file_scope());
        wmem_map_insert(model->earlier_names, ts_address_kept(teams_client_address(model, pinfo, who)), names);
    }
    drop_old(names, teams_time(pinfo));
    if (wmem_list_count(names) == EARLIER_MAX)
        drop_first(names);
    teams_sighting *seen = wmem_new(wmem_file_scope(), teams_sighting);

    *seen = (teams_sighting) { .info = info, .frame = pinfo->num, .time = *teams_time(pinfo), .endpoint = endpoint };
    wmem_list_append(names, seen);
}

/* First pass: what was remembered of the client lately, in order; from now on the caller's. NULL where nothing was. */
static const wmem_list_t *
take_earlier(teams_model *model, const address *who, const nstime_t *now)
{
    wmem_list_t *names = (wmem_list_t *)wmem_map_remove(model->earlier_names, who);

    if (names != NULL)
        drop_old(names, now);
    return names;
}

/* ---- where a sign-in begins ---- */

static bool
is_over(const teams_signin *signin, const packet_info *pinfo)
{
    return ts_seconds(&signin->last, teams_time(pinfo)) > SIGNIN_GAP;
}

/* Does this name begin the sign-in anew? */
static bool
starts_over(teams_signin *signin, const packet_info *pinfo, const teams_learned *what, bool asking)
{
    const ts_stage stage = what->stage;

    if (!asking || !teams_signin_is_past_identity(signin->stages))
        return false;
    if (what->weight == TEAMS_NAME_CLIENT && (STAGES_OF_START & STAGE_BIT(stage)) != 0) {
        signin->repeated_bootstrap = *teams_time(pinfo);
        return ts_seconds(&signin->last, teams_time(pinfo)) > SIGNIN_QUIET;
    }
    return stage == TS_STAGE_IDENTITY && signin->identity_frame != 0 && !nstime_is_zero(&signin->repeated_bootstrap) &&
        ts_seconds(&signin->repeated_bootstrap, teams_time(pinfo)) <= SIGNIN_REPEAT &&
        ts_seconds(&signin->identity, teams_time(pinfo)) > SIGNIN_REPEAT;
}

/* What a shared name gave counts for a while after a name of ours. */
static void
set_until(teams_learned *what, const nstime_t *latest_own)
{
    what->until = *latest_own;
    what->until.secs += (time_t)SHARED_WINDOW;
}

/* Who connects asks for addresses, or for what leads to them; mail servers and administrators ask for other records of the same names. */
static bool
leads_to_address(const ts_name_info *info)
{
    static const uint16_t types[] = { 0, 1, 28, 33, 64, 65 };     /* 0: no question; A, AAAA, SRV, SVCB, HTTPS */

    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++)
        if (info->qtype == types[i])
            return true;
    return false;
}

static teams_learned
learned_of(const ts_name_info *info, uint32_t frame, teams_client *client)
{
    const teams_learned learned = {
        .name = info->links[0].name,
        .product = info->whole->product,
        .service = info->whole->service,
        .stage = info->whole->stage,
        .frame = frame,
        .client = client,
        .weight = leads_to_address(info) ? teams_name_class_weigh(info->whole) : TEAMS_NAME_INFRA,
    };

    return learned;
}

/* A name from before the sign-in: a wait for what follows identity begins with the sign-in. */
static void
note_earlier(void *data, void *user_data)
{
    const teams_sighting *seen = (const teams_sighting *)data;
    teams_signin *signin = (teams_signin *)user_data;
    const ts_stage stage = seen->info->whole->stage;
    teams_learned what = learned_of(seen->info, seen->frame, signin->client);

    if (what.weight == TEAMS_NAME_SHARED)
        set_until(&what, &signin->start);
    teams_hosts_name(teams_model_get(), seen->info, &what);
    if (teams_signin_is_past_identity(STAGE_BIT(stage)))
        return;
    signin->stages |= STAGE_BIT(stage);
    if (stage == TS_STAGE_IDENTITY && signin->identity_frame == 0) {
        signin->identity = signin->start;
        signin->identity_frame = seen->frame;
    }
}

static teams_signin *
signin_new(teams_model *model, const packet_info *pinfo, teams_client *client)
{
    teams_signin *signin = wmem_new0(wmem_file_scope(), teams_signin);

    signin->number = ++model->signin_count;
    signin->frame = pinfo->num;
    signin->client = client;
    signin->start = *teams_time(pinfo);
    signin->last = *teams_time(pinfo);
    signin->last_own = *teams_time(pinfo);
    signin->continent = "";
    signin->earlier = take_earlier(model, &client->addr, teams_time(pinfo));
    if (signin->earlier != NULL)
        wmem_list_foreach((wmem_list_t *)signin->earlier, note_earlier, signin);
    if (client->signin != NULL)
        client->signin->next = signin;
    client->signin = signin;
    return signin;
}

/* ---- regions (D9, D10) ---- */

/* Services that clients leave far away without harm. */
static bool
is_background(const teams_learned *what)
{
    return what->stage == TS_STAGE_TELEMETRY || teams_signin_is_push(what->service);
}

/* Services whose distance is heard. */
static bool
is_near_service(const teams_learned *what)
{
    return what->service == TS_SERVICE_MEDIA_RELAY || what->service == TS_SERVICE_FLIGHTPROXY ||
        what->service == TS_SERVICE_EDGE_FRONTDOOR;
}

/* A client asks for chat by the region where its account's data are, wherever the resolver is. */
static bool
is_home_region(const ts_name_info *info, const teams_learned *what)
{
    return what->service == TS_SERVICE_CHAT && info->links[0].continent[0] != '\0';
}

static void
check_region(packet_info *pinfo, teams_signin *signin, const ts_name_info *info, const teams_learned *what)
{
    const char *continent = info->whole->continent;
    const char *client_continent = teams_preference_client_continent();

    if (continent == NULL || continent[0] == '\0' || is_home_region(info, what))
        return;
    if (client_continent[0] != '\0' && is_near_service(what) && strcmp(client_continent, continent) != 0)
        teams_expert_add(pinfo, TEAMS_EXPERT_RESOLVER_REGION,
            wmem_strdup_printf(pinfo->pool, "%s is in %s, the client in %s", what->name,
                teams_continent_name(continent), teams_continent_name(client_continent)));
    if (signin->continent[0] == '\0') {
        if (!is_background(what)) {
            signin->continent = continent;
            signin->continent_name = what->name;
        }
        return;
    }
    /* What its own answers say differently is a matter of the name's record types, and not of two services. */
    if (strcmp(signin->continent, continent) != 0 && g_ascii_strcasecmp(signin->continent_name, what->name) != 0)
        teams_expert_add(pinfo,
            is_background(what) ? TEAMS_EXPERT_REGION_NOTE : TEAMS_EXPERT_REGION_WARN,
            wmem_strdup_printf(pinfo->pool, "%s is in %s, %s in %s", what->name, teams_continent_name(continent),
                signin->continent_name, teams_continent_name(signin->continent)));
}

/* ---- names ---- */

/* A browser asks for one name of a link in a page, and does not connect: that is no sign-in that stopped. */
static void
note_shown(teams_signin *signin, const ts_name_info *info, const teams_learned *what)
{
    const bool own = what->weight >= TEAMS_NAME_OWN;

    signin->shown = signin->shown || what->stage == TS_STAGE_IDENTITY || (own && info->role != TS_ROLE_QUESTION) ||
        (own && signin->only_name != NULL && g_ascii_strcasecmp(signin->only_name, what->name) != 0);
    if (own)
        signin->only_name = what->name;
}

static void
note_stage(teams_signin *signin, const packet_info *pinfo, const teams_learned *what)
{
    const bool first = (signin->stages & STAGE_BIT(what->stage)) == 0;

    signin->stages |= STAGE_BIT(what->stage);
    if (what->stage == TS_STAGE_IDENTITY && first) {
        signin->identity = *teams_time(pinfo);
        signin->identity_frame = pinfo->num;
    }
    if (what->stage == TS_STAGE_CALL_SETUP && first) {
        signin->call_setup = *teams_time(pinfo);
        signin->call_setup_frame = pinfo->num;
    }
    if (what->service == TS_SERVICE_MEDIA_RELAY) {
        signin->relay_seen = true;
        signin->client->relay_named = true;
    }
    if (what->stage == TS_STAGE_CALL_SETUP || what->stage == TS_STAGE_MEDIA) {
        signin->client->setup_frame = pinfo->num;
        signin->client->setup_time = *teams_time(pinfo);
    }
}

/* The links of our chains are asked for by themselves later, by some resolvers. */
static void
keep_links(teams_model *model, const ts_name_info *info, const teams_learned *what)
{
    for (unsigned i = 1; i < info->link_count; i++) {
        const char *name = info->links[i].name;

        if (name[0] == '\0' || wmem_map_lookup(model->chain_names, name) != NULL)
            continue;
        teams_learned *link = (teams_learned *)wmem_memdup(wmem_file_scope(), what, sizeof *what);

        link->of_customer = info->links[0].trust == TS_TRUST_CUSTOMER && info->links[i].product == TS_PRODUCT_UNKNOWN;
        wmem_map_insert(model->chain_names, name, link);
    }
}

static bool
fill_from_chain(const teams_model *model, teams_learned *what)
{
    const teams_learned *chain = (const teams_learned *)wmem_map_lookup(model->chain_names, what->name);

    if (chain == NULL)
        return false;
    what->product = chain->product;
    what->service = chain->service;
    what->stage = chain->stage;
    what->weight = chain->weight;
    return true;
}

/* Its own ClientHellos are its own. */
bool
teams_signin_is_forwarded(teams_model *model, const packet_info *pinfo, const ts_name_info *info)
{
    const teams_host *who = teams_host_of(model, info->response ? &pinfo->dst : &pinfo->src, false);

    return info->role == TS_ROLE_QUESTION && who != NULL && who->resolver;
}

/* The sign-in that a name belongs to, a new one where it begins one; NULL where it belongs to none. */
static teams_signin *
signin_of(teams_model *model, const packet_info *pinfo, teams_client *client, const ts_name_info *info, const teams_learned *what)
{
    teams_signin *signin = client->signin;
    const bool asking = !info->response && !info->retransmission;

    if (teams_signin_is_forwarded(model, pinfo, info))
        return NULL;
    if (signin == NULL || is_over(signin, pinfo))
        return what->weight == TEAMS_NAME_CLIENT ? signin_new(model, pinfo, client) : NULL;
    if (what->weight < TEAMS_NAME_OWN && ts_seconds(&signin->last_own, teams_time(pinfo)) > SHARED_WINDOW)
        return NULL;
    return starts_over(signin, pinfo, what, asking) ? signin_new(model, pinfo, client) : signin;
}

bool
teams_signin_name(teams_model *model, packet_info *pinfo, teams_client *client, const ts_name_info *info,
    teams_learned *what, teams_signin **result)
{
    *what = learned_of(info, pinfo->num, client);
    *result = NULL;

    if (what->weight <= TEAMS_NAME_INFRA && !fill_from_chain(model, what))
        return false;
    teams_signin *signin = *result = signin_of(model, pinfo, client, info, what);

    if (signin == NULL) {
        if (what->weight >= TEAMS_NAME_OWN && info->response)
            keep_links(model, info, what);
        return what->weight >= TEAMS_NAME_OWN;
    }
    if (what->weight == TEAMS_NAME_CLIENT && client->product != TS_PRODUCT_TEAMS)
        client->product = what->product;
    signin->last = *teams_time(pinfo);
    if (what->weight >= TEAMS_NAME_OWN)
        signin->last_own = *teams_time(pinfo);
    else
        set_until(what, &signin->last_own);
    note_shown(signin, info, what);
    note_stage(signin, pinfo, what);
    if (info->response) {
        keep_links(model, info, what);
        check_region(pinfo, signin, info, what);
    }
    return true;
}

/* ---- what is overdue (D15, D16) ---- */

bool
teams_signin_is_stalled(const teams_signin *signin, const nstime_t *now)
{
    return signin->identity_frame != 0 && !signin->front_door_used && !signin->names_cut && !teams_signin_is_past_identity(signin->stages) &&
        ts_seconds(&signin->identity, now) > STALLED_AFTER;
}

bool
teams_signin_lacks_media(const teams_signin *signin, const nstime_t *now)
{
    return signin->call_setup_frame != 0 && !signin->relay_seen &&
        ts_seconds(&signin->call_setup, now) > MEDIA_MISSING_AFTER;
}

void
teams_signin_frame(packet_info *pinfo, teams_client *client, const teams_frame_info *info)
{
    teams_signin *signin = client->signin;

    if (signin == NULL)
        return;
    signin->names_cut = signin->names_cut || (info->what == TEAMS_WHAT_NAME && ts_frame_is_cut(pinfo));
    if (info->service == TS_SERVICE_MEDIA_RELAY || info->what >= TEAMS_WHAT_RELAY)
        signin->relay_seen = signin->relay_seen || info->what != TEAMS_WHAT_SIGNALLING;
    if (info->service == TS_SERVICE_WEB_APP && info->what == TEAMS_WHAT_SERVICE && signin->identity_frame != 0)
        signin->front_door_used = true;

    signin->shown = signin->shown || (info->what != TEAMS_WHAT_NAME && teams_name_weigh(info->product) == TEAMS_NAME_OWN);
    if (!signin->stalled && signin->shown && teams_signin_is_stalled(signin, teams_time(pinfo))) {
        signin->stalled = true;
        teams_expert_add(pinfo, TEAMS_EXPERT_SIGNIN_STALLED,
            wmem_strdup_printf(pinfo->pool, "identity in frame %u", signin->identity_frame));
    }
    if (!signin->media_missing && teams_signin_lacks_media(signin, teams_time(pinfo))) {
        signin->media_missing = true;
        teams_expert_add(pinfo, TEAMS_EXPERT_MEDIA_MISSING,
            wmem_strdup_printf(pinfo->pool, "call set-up in frame %u", signin->call_setup_frame));
    }
}
