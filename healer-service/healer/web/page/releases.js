/**
 * One service's releases: what its users get, from which release, and what can be served again.
 */

import { releases as ofService, serve } from "./api.js";
import { ask } from "./dialog.js";
import { h } from "./dom.js";
import { badge, card, decision, note } from "./parts.js";
import { releaseItem } from "./release.js";
import { revertPart, undecided } from "./revert.js";
import { remember, waiting } from "./sent.js";
import { clip, decoded, duration, plural, serviceTone, short } from "./words.js";

const OF_RELEASES = /^(release|revert|service|operator|incident|forge)\./; // types of events that its releases may differ after
const BROUGHT_BY = { first: "the first one", proposal: "a fix", push: "a push", revert: "a revert" };
const MOVING = ["waiting", "canary", "leaving"];

const situation = ({ serving }) => `${serving.release} ${serving.canary}`;

async function serveAgain(data, { commit }, { changed }) {
	const { service } = data;
	const send = (reason) => serve(service, commit, reason);
	const asked = {
		label: "Serve it",
		asks: `Serve release ${short(commit)} to all users?`,
		text:
			`The users of ${service} get release ${short(commit)} from now on. ` +
			"Incidents that were healed by what it does not hold become rolled back, and their crashes can happen again.",
		reason: "optional",
	};
	if (!(await ask({ ...asked, send }))) return;
	const text = `The way to release ${short(commit)} has begun.`;
	remember(service, situation(data), text);
	changed(text);
}

function item(data, one, pending, page) {
	const may = page.role === "operator" && one.kept && !MOVING.includes(one.state) && (!one.serving || data.serving.canary);
	const incident = one.incident_id && h("a", { href: `/incidents/${encodeURIComponent(one.incident_id)}` }, "its incident");
	const button = { class: "quiet", off: Boolean(pending || page.cached), onclick: () => serveAgain(data, one, page) };
	const label = [one.serving ? "Serve this to all" : "Serve this again", h("span.unseen", ` ${short(one.commit)}`)];
	return releaseItem(
		one,
		h(
			"p",
			one.subject && [h("span", clip(one.subject, 200)), " · "],
			h("span.dim", BROUGHT_BY[one.origin] ?? one.origin),
			incident && [" · ", incident],
		),
		may && decision(label, button),
	);
}

/** What users got from the release that is looked at now, and from the one it is compared with. */
function compared({ serving, releases }) {
	const { canary, release, traffic } = serving;
	const now = canary ?? release;
	const { previous, before } = releases.find((one) => one.commit === now) ?? {};
	const then = canary ? release : previous;
	const stored = before?.requests === undefined ? null : before;
	return [
		{ commit: now, role: canary ? "canary" : "serving", figures: traffic[now] },
		{ commit: then, role: "before it", figures: traffic[then] ?? stored },
	].filter((one) => one.commit && one.figures);
}

const failed = ({ requests, failed: count }) =>
	count ? `${count.toLocaleString("en")} (${Number(((100 * count) / requests).toPrecision(2))} %)` : "none";
const within = (seconds) => (seconds > 0 ? duration(seconds) : "");

const ROWS = [
	["Requests", ({ requests }) => requests.toLocaleString("en")],
	["Failed", failed],
	["Half answered within", ({ p50 }) => within(p50)],
	["99 % answered within", ({ p99 }) => within(p99)],
];

function trafficPart(data) {
	const columns = compared(data);
	if (!columns.length) return null;
	const head = ({ commit, role }) => h("th", { key: role, scope: "col" }, h("code", short(commit)), ` ${role}`);
	const row = ([title, told]) =>
		h("tr", { key: title }, h("th", { scope: "row" }, title), columns.map(({ figures }) => h("td", told(figures))));
	return card(
		"traffic",
		"What users get",
		h("table", { "aria-label": "Traffic" }, h("thead", h("tr", h("td"), columns.map(head))), h("tbody", ROWS.map(row))),
	);
}

function revertsPart(releases, page) {
	const open = releases.map((one) => one.revert).filter(undecided);
	if (!open.length) return null;
	return card("control", "To be decided", open.map((revert) => revertPart(revert, page)));
}

function heading({ service, serving }) {
	const { state, release, canary, fell_back: fell } = serving;
	const [word] = String(state).split(":"); // what follows is the reason
	return h(
		"div.heading",
		{ key: "heading" },
		h("p.dim", h("a", { href: "/" }, "Incidents"), ` / ${service}`),
		h("h1", { tabindex: "-1" }, `Releases of ${service}`),
		h(
			"div.row",
			badge(word, serviceTone(word)),
			h(
				"p.says",
				release ? ["Users get release ", h("code", { title: release }, short(release))] : "No release is known to be served",
				canary && [", a share of them ", h("code", { title: canary }, short(canary))],
				".",
			),
		),
		state !== word && note(clip(state, 600), "bad", "why"),
		fell && note(clip(fell, 600), "ask", "fell"),
	);
}

function shown(data, page) {
	const { releases, serving } = data;
	const pending = waiting(data.service, situation(data));
	return [
		heading(data),
		pending && note(pending.text, "calm", "sent"),
		h(
			"div.stack",
			{ key: "parts" },
			revertsPart(releases, page),
			trafficPart(data),
			card(
				"releases",
				"Releases",
				serving.kept.length > 0 && h("p.dim", `${plural(serving.kept.length, "release")} kept`),
				releases.length
					? h("ul", releases.map((one) => item(data, one, pending, page)))
					: h("p.dim", "Nothing has been released yet."),
			),
		),
	];
}

export const view = {
	match({ pathname }) {
		const [, name] = /^\/services\/([^/]+)\/?$/.exec(pathname) ?? [];
		return name === undefined ? null : { name: decoded(name) };
	},
	load: ({ name }) => ofService(name),
	show: (data, _, page) => shown(data, page),
	title: ({ service, serving }) => `${service} at ${short(serving.release)}`,
	concerns: ({ type }) => OF_RELEASES.test(type),
	told(before, { serving: { release } }) {
		return release && before.serving.release !== release && `Users get release ${short(release)} now.`;
	},
	every: 5, // users' requests are no events
};
