/* diagnostic_rows.h
 * The diagnostics of names: one row each (see diagnostics.h)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * No include guard: diagnostics.h and diagnostics.c read the rows with their
 * own TS_DIAGNOSTIC, and docs/names.md has them as a table. A number with two
 * rows has two severities.
 */

TS_DIAGNOSTIC(NXDOMAIN_REQUIRED, 1, "nxdomain_required", PI_ERROR, PI_RESPONSE_CODE,
    "The resolver says that a required name does not exist",
    "The resolver or a filter blocks it: allow the name, or compare with a public resolver.")
TS_DIAGNOSTIC(NO_ANSWER, 2, "no_answer", PI_ERROR, PI_SEQUENCE,
    "A required name was asked for three times without an answer",
    "Look for loss or a filter on port 53 between this host and its resolver, and whether the resolver is alive.")
TS_DIAGNOSTIC(SERVER_FAILURE, 3, "server_failure", PI_ERROR, PI_RESPONSE_CODE,
    "The resolver fails or refuses to look up a required name",
    "Check the resolver's forwarders, its DNSSEC validation and its access policy.")
TS_DIAGNOSTIC(SINKHOLE, 4, "sinkhole", PI_ERROR, PI_SECURITY,
    "A Microsoft name leads to a private or null address",
    "A DNS filter, a hosts file or a block page answers instead: exempt the name.")
TS_DIAGNOSTIC(SINKHOLE_TELEMETRY, 4, "sinkhole_telemetry", PI_WARN, PI_SECURITY,
    "A telemetry name of Microsoft leads to a private or null address",
    "A DNS filter answers instead; sign-in and calls work without telemetry.")
TS_DIAGNOSTIC(TELEMETRY_BLOCKED, 5, "telemetry_blocked", PI_NOTE, PI_RESPONSE_CODE,
    "A telemetry name is blocked",
    "Normally harmless; nothing to do unless clients misbehave.")
TS_DIAGNOSTIC(TELEMETRY_NEEDED, 5, "telemetry_needed", PI_WARN, PI_RESPONSE_CODE,
    "A telemetry name that mobile and Skype clients depend on is blocked",
    "Such clients were reported to show as offline or to fail to send: allow the name.")
TS_DIAGNOSTIC(ADDRESS_OUTSIDE, 6, "address_outside", PI_WARN, PI_SECURITY,
    "A Teams name leads to an address outside Microsoft's published prefixes",
    "Check for a proxy, an override in DNS or a hijack, and that prefix lists in firewalls are current.")
TS_DIAGNOSTIC(ADDRESS_UNLISTED, 6, "address_unlisted", PI_NOTE, PI_PROTOCOL,
    "A Teams name leads to an address outside the prefixes known, but the capture is older than their list",
    "Nothing to do: Microsoft used other prefixes then.")
TS_DIAGNOSTIC(CHAIN_BROKEN, 7, "chain_broken", PI_ERROR, PI_RESPONSE_CODE,
    "The chain of aliases ends nowhere",
    "Clear the resolver's cache and compare with another resolver: a target has no address, loops, or is too deep.")
TS_DIAGNOSTIC(CHAIN_LEAVES, 8, "chain_leaves", PI_ERROR, PI_SECURITY,
    "An alias leads out of Microsoft's, Azure's and Akamai's zones",
    "The answer was probably rewritten: check the resolver and compare with a public one.")
TS_DIAGNOSTIC(REGIONS_DIFFER, 11, "regions_differ", PI_NOTE, PI_SEQUENCE,
    "Two resolvers place the same name in different regions",
    "Split DNS or a VPN: let clients ask a resolver near the place where their traffic leaves.")
TS_DIAGNOSTIC(LEGACY_INTEROP, 12, "legacy_interop", PI_CHAT, PI_SEQUENCE,
    "A Teams client looks up Skype for Business Online",
    "Legacy interoperation: expected in 2017 to 2021, unusual later.")
TS_DIAGNOSTIC(DISCOVERY_NXDOMAIN, 13, "discovery_nxdomain", PI_CHAT, PI_RESPONSE_CODE,
    "A Lync discovery name does not exist",
    "Normal where all users are in the cloud.")
TS_DIAGNOSTIC(CLOUD_MIX, 14, "cloud_mix", PI_WARN, PI_PROTOCOL,
    "Names of a sovereign cloud and of the worldwide cloud are mixed",
    "Check that account, client configuration and DNS belong to the same cloud.")
TS_DIAGNOSTIC(SEARCH_SUFFIX, 17, "search_suffix", PI_NOTE, PI_SEQUENCE,
    "The name was first asked for with a search suffix",
    "The suffix list (or ndots) of the host costs a round trip per name: shorten it.")
TS_DIAGNOSTIC(SLOW, 19, "slow", PI_NOTE, PI_SEQUENCE,
    "The answer took more than 300 ms, or was asked for again",
    "Sign-in waits for it: use a nearer or less loaded resolver.")
TS_DIAGNOSTIC(VERY_SLOW, 19, "very_slow", PI_WARN, PI_SEQUENCE,
    "The answer took more than a second",
    "Sign-in or call set-up waits for it: use a nearer or less loaded resolver.")
TS_DIAGNOSTIC(TTL_REWRITTEN, 20, "ttl_rewritten", PI_NOTE, PI_PROTOCOL,
    "The address of a load-balanced name may be kept for more than an hour",
    "A cache rewrites lifetimes (4 to 300 s are usual) and pins clients to one datacenter: let it honour them.")
TS_DIAGNOSTIC(PSTN_RETIRED, 21, "pstn_retired", PI_WARN, PI_PROTOCOL,
    "The session border controller asks for a name that Direct Routing no longer has",
    "Use sip, sip2 and sip3.pstnhub.microsoft.com; sip-all was removed on 2022-06-01.")
TS_DIAGNOSTIC(PSTN_SINGLE, 22, "pstn_single", PI_NOTE, PI_PROTOCOL,
    "The session border controller uses sip.pstnhub only",
    "Add sip2 and sip3.pstnhub.microsoft.com, or it cannot fail over to another datacenter.")
TS_DIAGNOSTIC(PREPRODUCTION, 23, "preproduction", PI_NOTE, PI_PROTOCOL,
    "An internal or pre-production name",
    "Ordinary clients do not use it: check the client's ring or settings.")
TS_DIAGNOSTIC(OLD_GENERATION, 24, "old_generation", PI_NOTE, PI_PROTOCOL,
    "A name of the infrastructure that Microsoft left by 2021",
    "An old client, a stale cache or a replayed capture: update the client.")
TS_DIAGNOSTIC(UNPROVEN, 25, "unproven", PI_NOTE, PI_SECURITY,
    "A name in a shared zone is called like Teams, but nothing shows that it is Microsoft's",
    "Any customer of the zone can have such a name: look at who asked for it and why.")
TS_DIAGNOSTIC(LOOKALIKE, 26, "lookalike", PI_WARN, PI_SECURITY,
    "A name that imitates one of Microsoft's",
    "Treat as phishing until shown otherwise: find what led the client there.")
TS_DIAGNOSTIC(CONSUMER, 29, "consumer", PI_NOTE, PI_PROTOCOL,
    "Names of personal accounts beside those of work accounts",
    "A personal account is in use; its media relays lie outside the prefixes of work accounts.")
TS_DIAGNOSTIC(FQDN_RISK, 30, "fqdn_risk", PI_CHAT, PI_SECURITY,
    "The chain of a required name passes names that Microsoft does not list",
    "A firewall that matches every name of the chain needs rules for prefixes instead.")
TS_DIAGNOSTIC(TYPE_UNANSWERED, 31, "type_unanswered", PI_NOTE, PI_SEQUENCE,
    "AAAA or HTTPS questions are not answered although A is",
    "A middlebox drops record types that it does not know: clients wait for nothing.")
TS_DIAGNOSTIC(TRUNCATED, 32, "truncated", PI_NOTE, PI_PROTOCOL,
    "The answer was truncated: the client has to ask again over TCP",
    "Nothing to do if a question over TCP follows.")
TS_DIAGNOSTIC(TRUNCATED_NO_TCP, 32, "truncated_no_tcp", PI_ERROR, PI_SEQUENCE,
    "A truncated answer was not followed by a question over TCP",
    "Allow DNS over TCP (port 53) and EDNS between the host and its resolver.")
