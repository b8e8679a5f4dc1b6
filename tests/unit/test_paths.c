/* test_paths.c
 * What a path says, and what of it may be shown
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <string.h>

#include "core/paths.h"

static const struct {
    const char *host, *method, *path;
    const char *service, *stage, *region;
    bool front_door;
} requests[] = {
    { "teams.microsoft.com", "POST", "/api/authsvc/v1.0/authz", "token", "token", "", true },
    { "TEAMS.Microsoft.com.", "POST", "/API/AuthSvc/v1.0/authz/?x=y", "token", "token", "", true },
    { "teams.microsoft.com", "GET", "/api/authsvc/v1.0/authz", "", "", "", true },          /* another method */
    { "teams.microsoft.com", "POST", "/api/authsvc/v1.0/authz/more", "", "", "", true },    /* a longer path */
    { "teams.microsoft.com", "POST", "/api/authsvc/v1.0", "", "", "", true },               /* a shorter one */
    { "teams.cloud.microsoft", "GET", "/api/chatsvc/fr/v1/x", "chat", "sync", "fr", true },
    { "teams.microsoft.com", "GET", "/api/chatsvc/EMEA-02", "chat", "sync", "emea-02", true },  /* '**' stands for nothing, too */
    { "teams.microsoft.com", "GET", "/api/chatsvc/amer01/v1", "chat", "sync", "amer01", true },
    { "teams.microsoft.com", "GET", "/api/chatsvc/0f1e2d3c/v1", "", "", "", true },         /* no region */
    { "teams.microsoft.com", "GET", "/api/chatsvc/consumer/v1", "", "", "", true },
    { "teams.microsoft.com", "GET", "/api/chatsvc/abcd/v1", "", "", "", true },             /* letters that are the code of none */
    { "teams.microsoft.com", "GET", "/api/chatsvc/emeaa/v1", "", "", "", true },
    { "teams.microsoft.com", "GET", "/api/csa/api/v1/teams/users/me", "chat-aggregator", "sync", "", true },
    { "teams.microsoft.com", "GET", "/api/mt/part/AU-01/beta/users/1", "middle-tier", "sync", "au-01", true },
    { "teams.microsoft.com", "GET", "/api/chatsvc/emea-2/v1", "", "", "", true },           /* one digit is no partition */
    { "authsvc.teams.microsoft.com", "POST", "/v1.0/authz", "token", "token", "", false },
    { "go-eu.trouter.teams.microsoft.com", "GET", "/", "push-realtime", "probe", "", false },   /* whether it is there */
    { "teams.live.com", "GET", "/api/chatsvc/consumer/v1/users/ME", "chat", "sync", "", true },
    { "teams.microsoft.com", "GET", "/api/mt/beta/users/1", "middle-tier", "sync", "", true },  /* "beta" is no region */
    { "teams.microsoft.com", "GET", "/api/mt/emea/v2.0/me/calendars/events/1", "calendar", "sync", "emea", true },
    { "gov.teams.microsoft.us", "POST", "/api/authsvc/v1.0/authz", "token", "token", "", true },
    { "gov.teams.microsoft.us", "POST", "/v2/registrations", "registrar", "register", "", true },
    { "teams.microsoft.com.evil.example", "POST", "/api/authsvc/v1.0/authz", "", "", "", false },
    { "login.microsoftonline.com", "POST", "/contoso.example/oauth2/v2.0/token", "identity", "identity", "", false },
    { "login.microsoftonline.com", "POST", "/oauth2/v2.0/token", "", "", "", false },
    { "go-eu.trouter.teams.microsoft.com", "GET", "/v4/c", "push-realtime", "register", "", false },
    { "api-emea.flightproxy.teams.microsoft.com", "POST", "https://elsewhere.example/api/v2/epconv", "conversation", "call-setup", "", false },
    { "", "GET", "/", "", "", "", false },
    { "a..b", "GET", "/", "", "", "", false },
};

static void
test_classify(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(requests); i++) {
        ts_path_result result;
        const bool known = ts_path_classify(requests[i].host, requests[i].method, requests[i].path, &result);

        g_test_message("%s %s %s", requests[i].method, requests[i].host, requests[i].path);
        g_assert_true(known == (requests[i].service[0] != '\0'));
        g_assert_cmpstr(known ? ts_service_name(result.row->service) : "", ==, requests[i].service);
        g_assert_cmpstr(known ? ts_stage_name(result.row->stage) : "", ==, requests[i].stage);
        g_assert_cmpstr(result.region, ==, requests[i].region);
        g_assert_true(result.front_door == requests[i].front_door);
    }
}

static void
test_identity(void)
{
    ts_path_result result;

    ts_path_classify("login.microsoftonline.us", "GET", "/", &result);
    g_assert_true(result.identity);
    ts_path_classify("teams.microsoft.com", "GET", "/", &result);
    g_assert_false(result.identity);
}

static const struct {
    const char *host, *path, *shown;
} masks[] = {
    { "teams.microsoft.com", "", "/" },
    { "teams.microsoft.com", "?token=1", "/" },
    { "teams.microsoft.com", "//v2///", "/v2" },
    { "teams.microsoft.com", "/v2#code=secret", "/v2" },
    { "teams.microsoft.com", "https://contoso.example/v2", "/v2" },
    { "teams.microsoft.com", "/api/chatsvc/emea/v1/users/ME/conversations/19:0a@thread.v2/messages", "/api/chatsvc/emea/v1/users/ME/conversations/{id}/messages" },
    { "teams.microsoft.com", "/api/mt/emea/beta/users/8:orgid:0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0/", "/api/mt/emea/beta/users/{id}" },
    { "teams.microsoft.com", "/api/mt/emea/beta/users/ada/", "/api/mt/emea/beta/users/{id}" },     /* a word after a collection */
    { "teams.microsoft.com", "/api/new/emea/newest/v1/users/ME", "/api/{id}/emea/{id}/v1/users/ME" },     /* words that are unknown */
    { "teams.microsoft.com", "/api/mt/emea/beta/users/fetchShortProfile", "/api/mt/emea/beta/users/fetchShortProfile" },
    { "teams.microsoft.com", "/api/mt/emea/beta/users/fetchShortProfile/ada", "/api/mt/emea/beta/users/fetchShortProfile/{id}" },
    /* Wherever a word may name somebody: the first of all, behind "/api", behind what names a service, and behind any other word of the table. */
    { "teams.microsoft.com", "/contoso", "/{id}" },
    { "teams.microsoft.com", "/api/contoso", "/api/{id}" },
    { "teams.cloud.microsoft", "/api/chatsvc/contoso/v1", "/api/chatsvc/{id}/v1" },
    { "teams.live.com", "/api/mt/beta/me/ada", "/api/mt/beta/me/{id}" },
    { "gov.teams.microsoft.us", "/ups/contoso/v1/me/ada", "/ups/{id}/v1/me/{id}" },
    { "teams.microsoft.com", "/api/mt/emea/v2.0/me/calendars/ada", "/api/mt/emea/v2.0/me/calendars/{id}" },
    { "teams.microsoft.com", "/registrar/prod/v2/registrations/ada", "/registrar/prod/v2/registrations/{id}" },
    { "teams.microsoft.com", "/ups/emea/v1/me/endpoints/ada", "/ups/emea/v1/me/endpoints/{id}" },
    { "teams.microsoft.com", "/api/authsvc/v1.0/authz/ada", "/api/authsvc/v1.0/authz/{id}" },
    { "teams.microsoft.com", "/api/chatsvc/emea/ada", "/api/chatsvc/emea/{id}" },
    { "teams.microsoft.com", "/trap/tokens/ada", "/trap/tokens/{id}" },
    { "teams.microsoft.com", "/v2/ada", "/v2/{id}" },
    { "teams.microsoft.com", "/api/csa/emea/api/v3/teams/users/me/updates", "/api/csa/emea/api/v3/teams/users/me/updates" },
    { "teams.microsoft.com", "/l/channel/19%3a0a%40thread.tacv2/Layoffs?groupId=0f1e2d3c", "/l/channel/{id}/{id}" },
    { "teams.microsoft.com", "/users/ada/contoso", "/users/{id}/{id}" },
    { "teams.microsoft.com", "/meet/ada/contoso", "/meet/{id}/{id}" },
    { "teams.microsoft.com", "/%61da/contoso", "/{id}/{id}" },
    { "teams.microsoft.com", "/api//users//ada//contoso", "/api/users/{id}/{id}" },
    { "teams.microsoft.com", "/api/0F1E2D3C4B5A69788796A5B4C3D2E1F0/x", "/api/{id}/{id}" },
    { "teams.microsoft.com", "/api/deadbeefcafebabedeadbeef", "/api/{id}" },
    { "teams.microsoft.com", "/api/new/ada@contoso.example/ada%40contoso.example/contoso.example", "/api/{id}/{id}/{id}/{id}" },
    { "teams.microsoft.com", "/api/new/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln/abc123def", "/api/{id}/{id}/{id}" },
    { "teams.microsoft.com", "/api/new/thisisonewordthatismuchtoolong", "/api/{id}/{id}" },
    { "teams.microsoft.com", "/api/\xff\xfe/\x1b[31m", "/api/{id}/{id}" },
    { "login.microsoftonline.com", "/contoso/oauth2/v2.0/token", "/{id}/oauth2/v2.0/token" },      /* no front door: words of the table alone */
    { "login.microsoftonline.com", "/common/oauth2/v2.0/token", "/common/oauth2/v2.0/token" },
    { "contoso.sharepoint.com", "/personal/ada/Documents", "/{id}/{id}/{id}" },
};

static void
test_mask(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(masks); i++) {
        ts_path_result result;
        char shown[TS_PATH_SHOWN_MAX];

        ts_path_classify(masks[i].host, "GET", masks[i].path, &result);
        ts_path_mask(masks[i].path, &result, shown);
        g_assert_cmpstr(shown, ==, masks[i].shown);
    }
}

/* Any length, and never more than the buffer. */
static void
test_mask_long(void)
{
    static const char *const parts[] = { "/a", "/v2", "/registrations", "/0123456789012345678901234567890123456789", "/\x80" };

    for (unsigned p = 0; p < G_N_ELEMENTS(parts); p++)
        for (unsigned count = 0; count < 200; count++) {
            GString *path = g_string_new(NULL);
            ts_path_result result;
            char shown[TS_PATH_SHOWN_MAX];

            for (unsigned i = 0; i < count; i++)
                g_string_append(path, parts[p]);
            ts_path_classify("teams.microsoft.com", "GET", path->str, &result);
            ts_path_mask(path->str, &result, shown);
            g_assert_cmpuint(strlen(shown), <, TS_PATH_SHOWN_MAX);
            g_assert_true(count < 30 || g_str_has_suffix(shown, "/..."));
            g_string_free(path, TRUE);
        }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/paths/classify", test_classify);
    g_test_add_func("/paths/identity", test_identity);
    g_test_add_func("/paths/mask", test_mask);
    g_test_add_func("/paths/mask-long", test_mask_long);
    return g_test_run();
}
