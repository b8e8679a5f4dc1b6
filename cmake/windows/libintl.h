/* libintl.h
 * gettext for a test build of GLib that translates nothing
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEAMSHARK_LIBINTL_H
#define TEAMSHARK_LIBINTL_H

/* A category that Windows has not got; only its name is needed. */
#ifndef LC_MESSAGES
#define LC_MESSAGES 1729
#endif

char *gettext(const char *message);
char *dgettext(const char *domain, const char *message);
char *dcgettext(const char *domain, const char *message, int category);
char *ngettext(const char *one, const char *many, unsigned long count);
char *dngettext(const char *domain, const char *one, const char *many, unsigned long count);
char *textdomain(const char *domain);
char *bindtextdomain(const char *domain, const char *folder);
char *bind_textdomain_codeset(const char *domain, const char *codeset);

#endif /* TEAMSHARK_LIBINTL_H */
