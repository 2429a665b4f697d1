/**
 * The first view: what waits for the reader, what is being done, the services, the numbers, and the incidents of all services.
 */

import * as api from "./api.js";
import { WAITING, WORKING, after as attended, attention } from "./attention.js";
import { sparkline } from "./charts.js";
import { h } from "./dom.js";
import { filterForm, filtering, filtersOf } from "./filters.js";
import * as listing from "./listing.js";
import { note, place, remembered, stateBadge, when } from "./parts.js";
import { servicesPart } from "./services.js";
import { DAYS, statisticsPart } from "./statistics.js";
import { clip, duration, numbered, plural, published, withoutHash } from "./words.js";

// Events that tell of work on an incident, and of nothing that stands here.
const INSIDE = /^(log|stage|model|candidate|sandbox|round|notification)\b/;

const within = (seconds) => Number.isFinite(seconds) && ` in ${duration(seconds)}`;

function fix({ proposal, origin, state, seconds_to_proposal: proposed, seconds_to_healed: healed }) {
	const none = ["declined", "rejected"].includes(state) ? "no fix" : "no fix yet";
	const by = origin && `by ${clip(withoutHash(origin), 50)}`;
	return [
		proposal ? h("span", `${numbered("Proposal", proposal.number)} ${published(proposal.state)}`) : h("span.dim", none),
		by && h("span.dim", { title: origin }, by, within(proposed)),
		within(healed) && h("span.dim", "healed", within(healed)),
	];
}

function hours({ sparkline: counts = [] }) {
	const sum = counts.reduce((total, count) => total + count, 0);
	const most = Math.max(...counts, 0);
	const words = sum ? `${plural(sum, "report")} in 24 hours, at most ${most} in one hour` : "no report in 24 hours";
	return h("div.hours", { title: words }, sum > 0 ? sparkline(counts, words) : h("span.dim", "quiet for a day"));
}

/** What has a tooltip lies above the row's link, and leads where it does; not who selects something, or wants another tab. */
function follow({ currentTarget, target, ctrlKey, metaKey, shiftKey, altKey }) {
	if (target.closest("a") || ctrlKey || metaKey || shiftKey || altKey || String(getSelection())) return;
	currentTarget.querySelector("a").click();
}

const incident = remembered((one) => {
	const { type, message } = one.exception ?? {};
	return h(
		"li.incident",
		{ key: one.id, onclick: follow },
		h("div.state", stateBadge(one.state)),
		h(
			"div.what",
			h(
				"a",
				{ href: `/incidents/${encodeURIComponent(one.id)}` },
				h("strong", clip(type, 80)),
				h("span.message", ` ${clip(message, 240)}`),
			),
			h("p.dim", clip(one.service, 60), one.route && ` · ${clip(one.route, 120)}`, one.fault && [" · ", place(one.fault)]),
		),
		h("div.often", h("span", `${(one.count ?? 1).toLocaleString("en")}×`), hours(one)),
		h("div.seen", h("span", h("span.unseen", "last "), when(one.last_seen)), h("span.dim", "first ", when(one.first_seen))),
		h("div.fix", fix(one)),
	);
});

const COLUMNS = ["State", "Incident", "Reports", "Last seen", "Fix"];

function empty(services) {
	const names = services.map((one) => one.name).join(" or ");
	const says = names
		? `When ${clip(names, 200)} crashes while it answers a request, the incident stands here at once, and its fix seconds later.`
		: "No service is set up. Name one in healer.toml and start the healer again.";
	return h(
		"div.card.empty",
		{ key: "empty" },
		h("h3", "No incident yet"),
		h("p", says),
		h(
			"ul",
			h("li", "See it once: ", h("code", "make demo"), " crashes the demo shop and heals it."),
			h("li", "Attach your own: ", h("code", "selfheal.init(dsn=…)"), " in the service."),
			h("li", "Its DSN is in the healer's home: ", h("code", ".healer/services/<name>.dsn"), "."),
		),
	);
}

async function showMore(filters, { keep, changed, redraw }) {
	if (keep.asking) return;
	keep.asking = true;
	keep.problem = "";
	redraw();
	try {
		await listing.further(filters);
		changed("More incidents are listed.");
	} catch (error) {
		keep.problem = error.message;
		redraw();
	} finally {
		keep.asking = false;
	}
}

function list({ found }, filters, page) {
	const { incidents, total, next } = found;
	if (found.problem) return note(`These filters find nothing: ${clip(found.problem, 300)}`, "ask", "refused");
	if (!incidents.length) return h("p.card.nothing", { key: "none" }, "No incident is like this.");
	return [
		h(
			"div.card.listed",
			{ key: "listed" },
			h("div.heads", { "aria-hidden": "true" }, COLUMNS.map((name) => h("span", { key: name }, name))),
			h("ul.incidents", { "aria-label": "Incidents" }, incidents.map(incident)),
		),
		page.keep.problem && note(page.keep.problem, "bad", "problem"),
		next &&
			h(
				"button.more",
				{ key: "more", "aria-disabled": String(Boolean(page.keep.asking)), onclick: () => showMore(filters, page) },
				`Show more (${(total - incidents.length).toLocaleString("en")} left)`,
			),
	];
}

function incidentsPart(data, filters, page) {
	const { found, overview, statistics } = data;
	const names = (rows = []) => rows.map((one) => withoutHash(one.name));
	const known = {
		service: overview.services.map((one) => one.name),
		category: names(statistics?.by_category),
		origin: names(statistics?.by_origin),
	};
	const none = !found.incidents.length && !filtering(filters) && !found.problem;
	return h(
		"section.incidents-part",
		{ key: "incidents", "aria-labelledby": "incidents" },
		h(
			"div.row",
			{ key: "title" },
			h("h2", { id: "incidents" }, "Incidents"),
			h("p.dim", { role: "status" }, !none && plural(found.total, "incident")),
		),
		none ? empty(overview.services) : [filterForm(filters, found.states, known, page), list(data, filters, page)],
	);
}

const reverts = ({ overview }) =>
	overview.services.flatMap(({ name, reverts: open }) => open.map((one) => ({ ...one, service: name })));

export const view = {
	every: 10, // how the services are is no event
	match: (url) => (url.pathname === "/" ? filtersOf(url) : null),

	async load(filters) {
		const [{ waiting, working, ...overview }, found] = await Promise.all([api.overview(), listing.load(filters)]);
		return { overview, found, waiting, working };
	},

	more: async (_filters, data) => ({ ...data, statistics: await api.statistics(DAYS), moreProblem: null }),

	show: (data, filters, page) => [
		h("h1.unseen", { key: "h1", tabindex: "-1" }, "Overview"),
		attention(data, reverts(data)),
		servicesPart(data.overview, [...WAITING, ...WORKING], page),
		statisticsPart(data),
		incidentsPart(data, filters, page),
	],

	title(data) {
		const waiting = data.waiting.total + reverts(data).length;
		return waiting ? `(${waiting}) Overview` : "Overview";
	},

	concerns: (event) => !INSIDE.test(event.type) && event.type !== "report.received", // that is counted at once

	after(data, events) {
		const { found } = data;
		const incidents = listing.after(found.incidents, events);
		return { ...data, ...attended(data, found.incidents, events), found: { ...found, incidents } };
	},

	told(before, { waiting }) {
		const more = waiting.total - (before?.waiting.total ?? waiting.total);
		return more > 0 ? "A verified fix waits for your decision." : "";
	},
};
