/**
 * The list of views: each kind of address has a module that exports one `view`, which comes when it is needed. The header shows
 * those with `nav`, where `offered(session)` does not say otherwise. A view is:
 *
 *	match(url),                       → params, or null when the address is not its own
 *	async load(params, page),         asks the API → data
 *	async more(params, data),         optional: data with what may come after the first content; where it fails, data has
 *	                                  the error as `moreProblem`. What it adds stays until it is asked again.
 *	show(data, params, page),         → description of <main>'s content; data is never null
 *	title(data, params),              for the document's title, without "· Healer"
 *	concerns(event, data, params),    whether load() may answer something else after this event
 *	after(data, events, params),      optional: data as it is after these events, at once. They are all that came, oldest
 *	                                  first, also those of others: a view takes its own.
 *	known(data),                      optional: id of the newest event that an answer of load() holds
 *	joined(before, data),             optional: an answer with what is kept of the data before it, which is null when events
 *	                                  between the two may be missing
 *	told(before, data),               optional: a sentence for screen readers about what changed, or ""
 *	every: 5,                         optional: seconds between loads for what is no event
 *	moving(data),                     optional: true while something counts seconds (drawn five times a second)
 *
 * `page` is {role, cached, changed(text), redraw(), go(href, {replace}), keep}. `cached`: the data is that of when the reader left
 * it, until the API answers; nothing is decided on it. `keep` is the view's own while it is shown. It is empty at each navigation
 * to another path, and as the reader left it when going back.
 */

export const views = [
	{ at: /^\/$/, nav: "Overview", href: "/", module: () => import("./overview.js") },
	{ at: /^\/incidents\/[^/]+\/?$/, module: () => import("./incident.js") },
	{ at: /^\/services\/[^/]+\/?$/, module: () => import("./releases.js") },
	{ at: /^\/audit\/?$/, nav: "Audit", href: "/audit", module: () => import("./audit.js") },
	{
		at: /^\/try\/?$/,
		nav: "Try it",
		href: "/try",
		offered: ({ examples }) => Boolean(examples),
		module: () => import("./try.js"),
	},
];
