/**
 * Puts the page together: the view that the address names, its data, the events that change it, and drawing once a frame.
 * What a view shows is its own (see views.js).
 */

import * as api from "./api.js";
import { dismiss } from "./dialog.js";
import { h, render, visible } from "./dom.js";
import { Events } from "./events.js";
import { follow } from "./follow.js";
import { framed } from "./frames.js";
import { note } from "./parts.js";
import { byLink } from "./pagekey.js";
import { following, forget, placeOf, prepare } from "./places.js";
import { offered as offeredToken, signInView } from "./signin.js";
import { views } from "./views.js";
import { clip } from "./words.js";

const QUIET_MS = 150; // events that come together are one question to the API
const MORE_MS = 10_000; // what comes after the first content is asked for no more often
const AGAIN_MS = 3000;
const OLD_MS = 10_000; // a younger page is of the healer that runs

const element = (id) => document.getElementById(id);
// What the healer said last; `sure`: nothing has happened since that it may say something else after.
const session = { signedIn: true, sure: false, role: "", version: "", page: "" };
const [, , files] = new URL(import.meta.url).pathname.split("/"); // the version of the page's files
let place = placeOf(location);
let queued = []; // events that the next frame applies

// --- drawing

const draw = framed(() => {
	apply();
	render(element("view"), described());
	element("view").setAttribute("aria-busy", String(place.cached && !place.problem));
	render(element("nav"), session.signedIn && views.filter(offered).map(navigation));
	document.title = titled();
	element("account").hidden = !session.signedIn || !session.role;
	element("role").textContent = session.role;
	element("version").textContent = session.version && `Healer ${session.version}`;
	follow(place.fresh);
	if (place.data || !session.signedIn) arrive();
});

/** The first time that a navigation shows what it leads to. */
function arrive() {
	if (place.moved) {
		element("view").querySelector("h1")?.focus({ preventScroll: true });
		window.scrollTo(0, place.scroll ?? 0);
	}
	Object.assign(place, { moved: false, fresh: false });
}

const offered = (kind) => kind.nav && kind.offered?.(session) !== false;

function navigation({ nav, href }) {
	const current = place.kind?.href === href && "page";
	return h("a", { key: href, href, "aria-current": current }, nav);
}

function described() {
	if (!session.signedIn) return signInView(draw, start);
	const { view, params, data, problem } = place;
	const away = !data && h("a", { href: "/" }, "All incidents");
	const said = [
		outdated() && newer(),
		problem && h("div", { key: "problem" }, note(clip(problem.message, 1000), "bad"), away),
	];
	if (!data) return [said, !problem && h("p.dim", { key: "loading" }, "Loading…")];
	try {
		const { keep, cached } = place;
		return [said, view.show(data, params, { role: session.role, cached, changed, redraw: draw, go, keep })];
	} catch (error) {
		console.error(error);
		return [said, note(`This cannot be shown, by a mistake of the page: ${clip(error.message, 300)}`, "bad", "mistake")];
	}
}

function newer() {
	const reload = h("button", { type: "button", onclick: () => location.reload() }, "Reload");
	return h("div.row", { key: "newer" }, note("A newer healer runs: reload the page to see all of it.", "ask"), reload);
}

function titled() {
	const title = session.signedIn && place.data && place.view.title(place.data, place.params);
	return title ? `${visible(clip(title, 200))} · Healer` : "Healer";
}

function announce(text) {
	if (text) element("announce").textContent = visible(clip(text, 1000));
}

function changed(text) {
	announce(text);
	draw();
	refresh();
}

// --- loading

/** Asks the API, at once when it was not asked lately; what is asked for meanwhile is asked once more after the answer. */
function refresh() {
	if (!session.signedIn || !place.kind || (document.hidden && place.data)) return;
	if (place.asking) place.again = true;
	else place.timer ??= setTimeout(load, Math.max(0, (place.asked ?? -QUIET_MS) + QUIET_MS - performance.now()), place);
}

async function load(here) {
	if (here !== place) return;
	const asked = performance.now();
	// `covered`: whatever the answer does not hold comes as an event.
	Object.assign(here, { timer: null, asking: true, again: false, asked, recent: [], covered: events.live });
	try {
		if (!here.view) await prepare(here).catch(renew);
		const [data] = await Promise.all([here.view.load(here.params, { keep: here.keep }), known()]);
		events.start();
		if (here === place) accept(data);
	} catch (error) {
		if (error.status === 401) signedOut();
		else here.problem = error;
		if (here === place && passing(error)) setTimeout(refresh, AGAIN_MS);
	}
	here.asking = false;
	if (here !== place) return;
	draw();
	if (document.hidden) document.title = titled(); // of a tab that was opened behind this one
	if (here.again) refresh();
	more(here);
}

/** Whether it is worth to ask again: the healer is being started, maybe, or has too much to do. */
const passing = ({ status }) => [0, 429].includes(status) || status >= 500;

/** A module that is not there any more is that of a healer before an upgrade: the page begins anew with the new one's. */
async function renew() {
	const answers = await fetch("/").then(({ ok }) => ok, () => false);
	if (answers && performance.now() > OLD_MS) location.reload();
	throw new api.Problem(0, "A part of the page did not come. Is the healer running?");
}

/** Who is signed in, and whether the page is still the healer's: asked once a connection. */
async function known() {
	if (session.sure) return;
	session.sure = true;
	try {
		Object.assign(session, await api.session());
	} catch (error) {
		session.sure = false;
		throw error;
	}
	if (outdated() && performance.now() > OLD_MS && !busy()) location.reload();
}

const outdated = () => session.page && session.page !== files;

/** Whether the reader would lose something by a reload. */
function busy() {
	const fields = [...document.querySelectorAll("textarea, input")];
	const written = ({ localName, value, defaultValue }) => value !== (localName === "textarea" ? "" : defaultValue);
	return document.querySelector("dialog") || fields.some(written);
}

function accept(answer) {
	apply();
	const { view, params, data: before, recent, added } = place;
	const joined = view.joined?.(place.whole ? before : null, answer) ?? answer;
	// The answer may be older than events that came while it was on its way: those are applied to it again.
	const newest = view.known?.(answer) ?? -1;
	const later = recent.filter((event) => event.id > newest);
	const data = { ...added, ...joined };
	place.data = later.length && view.after ? view.after(data, later, params) : data;
	Object.assign(place, { whole: place.covered, cached: false, problem: null });
	if (before) announce(view.told?.(before, place.data));
}

async function more(here) {
	if (!here.view.more || !here.data || performance.now() < (here.moreAt ?? 0)) return;
	here.moreAt = performance.now() + MORE_MS;
	const { data, added } = here;
	try {
		const more = Object.entries(await here.view.more(here.params, data));
		here.added = Object.fromEntries(more.filter(([name, value]) => value !== data[name] || name in added));
	} catch (error) {
		if (error.status === 401) return signedOut();
		here.added = { ...added, moreProblem: error };
	}
	here.data = { ...here.data, ...here.added };
	if (here === place) draw();
}

// --- events

function onEvents(came) {
	const { view, params, data } = place;
	if (place.asking) place.recent.push(...came);
	if (!view || !data) return;
	queued.push(...came);
	if (came.some((event) => view.concerns(event, data, params))) refresh();
	draw();
}

function apply() {
	const came = queued;
	queued = [];
	const { view, params, data: before } = place;
	if (!came.length || !before || !view.after) return;
	place.data = view.after(before, came, params);
	announce(view.told?.(before, place.data));
}

/** What came before the stream, or was missed, is asked of the API. */
function onMissed() {
	Object.assign(place, { whole: false, covered: false });
	refresh();
}

function onState(state) {
	const mark = element("connection");
	const first = ["off", undefined].includes(mark.dataset.state);
	mark.dataset.state = state;
	mark.textContent = { live: "live", reconnecting: "reconnecting…" }[state] ?? "";
	mark.hidden = state === "off";
	if (state === "live") (first ? refresh : again)();
}

function again() {
	session.sure = false;
	refresh();
}

const events = new Events({ onEvents, onMissed, onState, onRefused: refresh });

// --- session: signing in or out in one tab does so in all

const others = new BroadcastChannel("session");
others.onmessage = ({ data }) => (data === "out" ? leave() : session.signedIn ? again() : begin());
if (byLink) others.postMessage("in");

function begin() {
	Object.assign(session, { signedIn: true, sure: false });
	place.moved = true;
	refresh();
	draw();
}

function start() {
	others.postMessage("in");
	begin();
}

function leave() {
	if (!session.signedIn) return;
	Object.assign(session, { signedIn: false, sure: false, role: "", version: "", page: "" });
	dismiss(true);
	api.leave();
	place = placeOf(location);
	forget();
	events.stop();
	draw();
}

function signedOut() {
	others.postMessage("out");
	leave();
}

element("signout").addEventListener("click", () =>
	api.signOut().then(signedOut, (error) => {
		place.problem = error;
		draw();
	}),
);

// --- navigation

/** Shows what the address names now; `back`: as the reader left it. */
function show(back) {
	if (location.pathname !== place.pathname) dismiss();
	api.leave();
	place = following(place, back);
	queued = [];
	draw();
	refresh();
}

function go(href, { replace = false } = {}) {
	history[replace ? "replaceState" : "pushState"](null, "", href);
	show(false);
}

document.addEventListener("click", (event) => {
	const link = event.target.closest("a[href^='/']");
	if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
	if (link.hasAttribute("download") || !placeOf(link).kind) return;
	event.preventDefault();
	go(link.getAttribute("href"));
});

// The view that a link leads to is fetched while the reader moves to it.
for (const type of ["pointerover", "focusin"]) {
	document.addEventListener(type, ({ target }) => {
		const link = target.closest?.("a[href^='/']");
		if (link) placeOf(link).kind?.module().catch(() => {}); // said when it is needed
	});
}

window.addEventListener("popstate", () => location.pathname + location.search !== place.address && show(true));

document.addEventListener("visibilitychange", () => {
	draw();
	refresh();
});

setInterval(() => place.data && place.view.moving?.(place.data) && draw(), 200);
setInterval(draw, 15_000); // "2 minutes ago" grows old
setInterval(() => place.data && performance.now() - place.asked > place.view.every * 1000 && refresh(), 1000);
if (offeredToken) leave();
refresh();
draw();
