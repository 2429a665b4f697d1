/**
 * The services on the overview: how they are, what their users get, and how far the healer may go; with the switch that stops
 * everything.
 */

import { h } from "./dom.js";
import { filterLink } from "./filters.js";
import { badge, note } from "./parts.js";
import { automationStopped, automationSwitch } from "./switch.js";
import { absolute, clip, clock, plural, serviceTone, short } from "./words.js";

const AUTONOMY = {
	observe: "diagnoses only",
	propose: "proposes, a person merges",
	autonomous: "merges by itself",
};
const FEW = 0.1; // of the requests that a forge allows: from here on the reader is told when there are more
const AT_ONCE = 12;

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

const wordOf = ({ state = "unknown" }) => String(state).split(":")[0]; // what follows is the reason
const trouble = (one) => (serviceTone(wordOf(one)) === "bad" ? 2 : Number(Boolean(one.fell_back || one.forge?.problem)));

function item(one, states) {
	const { name, state, release, canary, fell_back: fell, address, autonomy, forge, incidents_open: open = 0 } = one;
	const word = wordOf(one);
	const unended = one.deploys === false ? states.filter((name) => name !== "merged") : states; // there that is the end
	return h(
		"li.card",
		{ key: name },
		h(
			"div.row",
			h("a", { href: `/services/${encodeURIComponent(name)}`, title: `All releases of ${name}` }, h("strong", clip(name, 80))),
			badge(word, serviceTone(word)),
		),
		word !== state && serviceTone(word) === "bad" && note(clip(state, 300), "bad"),
		h(
			"p.dim",
			release ? ["release ", h("code", { title: release }, short(release))] : "no release known",
			canary && [", canary ", h("code", { title: canary }, short(canary))],
			address && ` at ${address}`,
		),
		fell && note(clip(fell, 300), "ask"),
		h(
			"p.dim",
			open > 0
				? filterLink({ state: unended.join(","), service: name }, plural(open, "open incident"))
				: "no open incidents",
			` · ${AUTONOMY[autonomy] ?? autonomy}`,
		),
		forge && forgeLine(forge),
	);
}

/** `unended`: the states of incidents that are not at an end; what the reader opened is in `page.keep`. */
export function servicesPart({ services, automation }, unended, page) {
	const all = page.keep.services || services.length <= AT_ONCE + 1;
	const sorted = all ? services : services.toSorted((one, other) => trouble(other) - trouble(one));
	const showAll = () => {
		page.keep.services = true;
		page.redraw();
	};
	return h(
		"section.services-part",
		{ key: "services", "aria-labelledby": "services" },
		h(
			"div.row",
			{ key: "title" },
			h("h2", { id: "services" }, "Services"),
			page.role !== "viewer" && automationSwitch(automation, page),
		),
		automationStopped(automation),
		h(
			"ul.services",
			{ key: "list", "aria-label": "Services" },
			(all ? sorted : sorted.slice(0, AT_ONCE)).map((one) => item(one, unended)),
		),
		!all && h("button.quiet", { key: "all", onclick: showAll }, `Show all ${services.length} services`),
	);
}
