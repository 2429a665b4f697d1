/**
 * The first view: services and the incidents of all of them. It only describes; loading is app.js's.
 */

import { h } from "./dom.js";
import { badge, note, place, stateBadge, when } from "./parts.js";
import { automationSwitch } from "./switch.js";
import { absolute, clip, clock, numbered, plural, published, serviceTone, short } from "./words.js";

const AT_ONCE = 100;
const AUTONOMY = {
	observe: "diagnoses only",
	propose: "proposes, a person merges",
	autonomous: "merges by itself",
};

const FEW = 0.1; // of the requests that a forge allows: from here on the reader is told when there are more

/** Where a service's proposals are, and whether they can be reached. */
function forgeLine({ kind, problem, remaining, limit, resets_at: resets }) {
	const name = kind === "github" ? "GitHub" : "The forge";
	if (problem) return note(`${name} cannot be used now: ${clip(problem, 300)}`, "ask");
	if (kind !== "github") return h("p.dim", "proposals on this page");
	if (!Number.isFinite(remaining)) return h("p.dim", "proposals on GitHub");
	const left = `${remaining.toLocaleString("en")}${limit ? ` of ${plural(limit, "request")}` : ""} left`;
	const more = resets && remaining < limit * FEW ? `, more at ${clock(resets)}` : "";
	return h("p.dim", { title: resets && `all of them again at ${absolute(resets)}` }, `proposals on GitHub · ${left}${more}`);
}

function service({ name, state = "unknown", release, canary, fell_back: fell, address, autonomy, forge, ...rest }) {
	const open = rest.incidents_open ?? 0;
	const [word] = String(state).split(":"); // what follows is the reason
	return h(
		"li.card",
		{ key: name, title: state },
		h(
			"div.row",
			h("a", { href: `/services/${encodeURIComponent(name)}`, title: `All releases of ${name}` }, h("strong", name)),
			badge(word, serviceTone(word)),
		),
		h(
			"p.dim",
			"release ",
			h("code", { title: release }, short(release)),
			canary && [", canary ", h("code", { title: canary }, short(canary))],
			address && ` at ${address}`,
		),
		fell && note(clip(fell, 300), "ask"),
		h("p.dim", `${plural(open, "open incident")} · ${AUTONOMY[autonomy] ?? autonomy}`),
		forge && forgeLine(forge),
	);
}

function fix({ proposal, origin, state }) {
	if (!proposal && !origin) return h("span.dim", ["declined", "rejected"].includes(state) ? "no fix" : "no fix yet");
	return [
		proposal && h("span", `${numbered("Proposal", proposal.number)} ${published(proposal.state)}`),
		origin && h("span.dim", { title: origin }, `by ${clip(origin.split("@")[0], 50)}`), // a model's name without its hash
	];
}

function incident(one) {
	const { type, message } = one.exception ?? {};
	return h(
		"li.incident",
		{ key: one.id },
		h("div", stateBadge(one.state)),
		h(
			"div.what",
			h(
				"a",
				{ href: `/incidents/${encodeURIComponent(one.id)}` },
				h("strong", clip(type, 80)),
				h("span.message", ` ${clip(message, 240)}`),
			),
			h("p.dim", `${one.service} · `, one.route && `${clip(one.route, 120)} · `, one.fault && place(one.fault)),
		),
		h("div.seen", h("span", `${(one.count ?? 1).toLocaleString("en")}×`), h("span.dim", when(one.last_seen))),
		h("div.fix", fix(one)),
	);
}

function empty(services) {
	const names = services.map((one) => one.name).join(" or ");
	const says = names
		? `When ${names} crashes while it answers a request, the incident stands here at once, and its fix seconds later.`
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

/** `shown`: how many incidents the reader asked for, if any; `more(count)` asks for more; `changed(text)` tells of an action. */
export function overviewView({ overview, incidents }, shown = AT_ONCE, more, changed) {
	const { services } = overview;
	const waiting = incidents.filter((one) => one.state === "proposed").length;
	const left = incidents.length - shown;
	return [
		h("h1.unseen", { key: "h1", tabindex: "-1" }, "Overview"),
		h("ul.services", { key: "services", "aria-label": "Services" }, services.map(service)),
		h(
			"div.row",
			{ key: "title" },
			h("h2", "Incidents"),
			h(
				"p.dim",
				incidents.length > 0 && plural(incidents.length, "incident"),
				waiting > 0 && h("strong", ` · ${waiting} waiting for you`),
			),
		),
		incidents.length
			? h("ul.card.incidents", { key: "list" }, incidents.slice(0, shown).map(incident))
			: empty(services),
		automationSwitch(overview.automation, changed),
		left > 0 && h("button", { key: "more", onclick: () => more(shown + AT_ONCE) }, `Show more (${left} left)`),
	];
}
