/**
 * Puts the page together: route, session, loading, and drawing again when an event says that something changed.
 */

import * as api from "./api.js";
import { h, render } from "./dom.js";
import { Stream } from "./events.js";
import { follow } from "./follow.js";
import { after, concerns, incidentView, merged } from "./incident.js";
import { overviewView } from "./overview.js";
import { note } from "./parts.js";
import { releasesView } from "./releases.js";
import { signInView } from "./signin.js";
import { short, stateOf } from "./words.js";

const QUIET_MS = 150; // events that come together are one question to the API
const OF_RELEASES = /^(release|revert|service|operator|incident)\./; // types of events that a service's releases may differ after
const element = (id) => document.getElementById(id);
const view = element("view");
const left = new Map(); // path → {scroll, data} of views the reader left, so that going back is at once
const blank = { data: null, recent: [], problem: null, fresh: true };
const page = { ...blank, path: location.pathname, signedIn: true };

/** The incident, or the service, that the address names; null for both: the overview. */
function named(what = "incidents") {
	const [, kind, id] = /^\/(incidents|services)\/([^/]+)\/?$/.exec(page.path) ?? [];
	try {
		return kind === what ? decodeURIComponent(id) : null;
	} catch {
		return id; // not UTF-8
	}
}

// --- drawing

let drawing = false;

function draw() {
	if (!drawing) requestAnimationFrame(drawNow);
	drawing = true;
}

function drawNow() {
	drawing = false;
	render(view, described());
	document.title = titled();
	element("signout").hidden = !page.signedIn;
	follow(page.fresh);
	if (!page.fresh || (page.signedIn && !page.data)) return;
	page.fresh = false;
	view.querySelector("h1")?.focus({ preventScroll: true });
	if (page.scroll !== undefined) window.scrollTo(0, page.scroll);
}

function described() {
	if (!page.signedIn) return signInView(draw, start);
	const problem =
		page.problem &&
		h(
			"div",
			{ key: "problem" },
			note(page.problem.message, "bad"),
			!page.data && h("a", { href: "/" }, "All incidents"),
		);
	if (!page.data) return problem ?? h("p.dim", { key: "loading" }, "Loading…");
	const { data, shown } = page;
	if (named()) return [problem, incidentView(data, changed, draw)];
	return [problem, named("services") ? releasesView(data, changed) : overviewView(data, shown, showMore, changed)];
}

function titled() {
	if (!page.signedIn || !page.data) return "Healer";
	if (named()) return `${stateOf(page.data.state).word}: ${page.data.exception?.type} · Healer`;
	if (named("services")) return `${page.data.service} at ${short(page.data.serving.release)} · Healer`;
	const waiting = page.data.incidents.filter((one) => one.state === "proposed").length;
	return waiting ? `(${waiting}) Healer` : "Healer";
}

function showMore(count) {
	page.shown = count;
	draw();
}

function changed(text) {
	element("announce").textContent = text;
	draw();
	refresh();
}

// --- loading

let asking = false;
let again = false;
let timer = 0;

/** Asks the API soon; what is asked for meanwhile is asked once more after the answer. */
function refresh(wait = 0) {
	if (asking) again = true;
	else timer ||= setTimeout(load, wait);
}

async function load() {
	timer = 0;
	asking = true;
	again = false;
	const { path } = page;
	try {
		const data = await fetched(named(), named("services"));
		stream.start();
		if (path === page.path) accept(data);
	} catch (error) {
		if (error.status === 401) signedOut();
		else if (path === page.path) page.problem = error;
		if (error.status === 0) setTimeout(refresh, 3000);
	}
	asking = false;
	draw();
	if (again && page.signedIn) refresh(path === page.path ? QUIET_MS : 0);
}

async function fetched(id, service) {
	if (id) return api.oneIncident(id);
	if (service) return api.releases(service);
	const [overview, { incidents }] = await Promise.all([api.overview(), api.incidents()]);
	element("version").textContent = `Healer ${overview.version ?? ""}`;
	return { overview, incidents };
}

function accept(data) {
	const before = page.data;
	page.problem = null;
	page.data = data;
	if (named("services")) tellServed(before);
	if (!named()) return;
	// The answer may be older than events that came while it was on its way: those are applied to it again.
	const known = data.events?.at(-1)?.id ?? -1;
	page.recent = page.recent.filter((event) => event.id > known);
	page.data = page.recent.reduce(after, { ...data, events: merged(before?.events, data.events) });
	tell(before);
}

function tell(before) {
	const { state, reason } = page.data;
	const { word, says } = stateOf(state);
	if (before && before.state !== state) element("announce").textContent = `${word}. ${says} ${reason ?? ""}`;
}

function tellServed(before) {
	const { release } = page.data.serving;
	if (release && before && before.serving.release !== release)
		element("announce").textContent = `Users get release ${short(release)} now.`;
}

// --- events

function onEvent(event) {
	const id = named();
	const near = id ? concerns(event, id, page.data?.trace_id ?? id) : !named("services") || OF_RELEASES.test(event.type);
	if (near ? event.type !== "log" : event.type === "forge.waits") refresh(QUIET_MS);
	if (!near) return;
	if (!id) return;
	page.recent = [...page.recent, event];
	if (!page.data) return;
	const before = page.data;
	page.data = after(before, event);
	tell(before);
	draw();
}

function onState(state) {
	const mark = element("connection");
	mark.dataset.state = state;
	mark.textContent = { live: "live", reconnecting: "reconnecting…" }[state] ?? "";
	mark.hidden = state === "off";
	if (state === "live") refresh(); // what came before the stream, or was missed
}

const stream = new Stream({ onEvent, onState, onRefused: () => refresh() });

// --- session and navigation

function start() {
	page.signedIn = true;
	page.fresh = true;
	refresh();
	draw();
}

function signedOut() {
	if (!page.signedIn) return;
	Object.assign(page, blank, { signedIn: false });
	left.clear();
	stream.stop();
	draw();
}

/** Shows what the address names now; `back`: as the reader left it. */
function show(back) {
	if (page.data) left.set(page.path, { scroll: window.scrollY, data: page.data });
	const { data = null, scroll } = left.get(location.pathname) ?? {};
	Object.assign(page, blank, { path: location.pathname, data, scroll: (back && scroll) || 0 });
	draw();
	refresh();
}

document.addEventListener("click", (event) => {
	const link = event.target.closest("a[href^='/']");
	if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
	event.preventDefault();
	history.pushState(null, "", link.getAttribute("href"));
	show(false);
});

window.addEventListener("popstate", () => location.pathname !== page.path && show(true));

element("signout").addEventListener("click", () =>
	api.signOut().then(signedOut, (error) => {
		page.problem = error;
		draw();
	}),
);

setInterval(() => page.data?.stages?.some((one) => one.state === "running") && draw(), 200); // its seconds
setInterval(draw, 15_000); // "2 minutes ago" grows old
setInterval(() => page.data?.serving && !document.hidden && refresh(), 5000); // users' requests are no events
setInterval(() => page.data?.overview?.services.some((one) => one.forge?.problem) && refresh(), 15_000); // its end is no event
start();
