/* names_tokens.h
 * Regions, datacenters and environments in the labels of a name
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_CORE_NAMES_TOKENS_H
#define TEAMSHARK_CORE_NAMES_TOKENS_H

#include "core/names_index.h"

/*
 * Reads the tokens of a name that matched info->row into info, whose token
 * fields are empty. The grammar of Microsoft's host names, by observation:
 *   <geo>-client-ss.msg...           us-api.asm, eu-prod.asyncgw, go-eu.trouter
 *   <slot>-<service>-<region>-<nn>   a-cc-usea2-01-skype, ep-euno-03-prod-aks
 *   <word><env>col<region><nn>       skypedataprdcolneu04
 *   <dc>[p]-client-...               bn3p-client-dc
 *   (web or sip)pool<dc><forest><nn>.infra.lync.com
 *   (web or sip)dir<forest>.online.lync.com
 */
void ts_tokens_read(const ts_name_text *name, ts_name_result *info);

#endif /* TEAMSHARK_CORE_NAMES_TOKENS_H */
