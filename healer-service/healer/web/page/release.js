/**
 * One release in a list: its state, what is to come, and why. What can be done with it is the caller's.
 */

import { h } from "./dom.js";
import { badge, when } from "./parts.js";
import { clip, momentAt, numbered, plural, published, releaseOf, short } from "./words.js";

/** What is going on with it, in a few words. */
function doing({ state, tries, next_try: next, until, target }) {
	if (state === "waiting" && tries > 0) return `tried ${plural(tries, "time")}, again at ${momentAt(next)}`;
	if (state === "canary") return until ? `for a share of the users until ${momentAt(until)}` : "for a share of the users";
	if (state === "soaking" && until) return `watched until ${momentAt(until)}`;
	return state === "leaving" && target && `to ${short(target)}`;
}

/** "live" is every release that stood its time, also long after: where it is known, what is served now says it instead. */
function badges({ state, serving }) {
	const { word, tone } = releaseOf(state);
	return [
		serving && badge("serving", "good"),
		(state !== "live" || serving === undefined) && badge(word, tone),
		state === "live" && serving === false && badge("served before", "calm"),
	];
}

/** `about`: what else is to be said of it; `action`: a button. */
export function releaseItem(one, about, action) {
	const facts = [doing(one), one.previous && `before it: ${short(one.previous)}`].filter(Boolean);
	return h(
		"li.release",
		{ key: one.commit },
		h("div.head", h("code", { title: one.commit }, short(one.commit)), badges(one), h("span.dim", when(one.at)), action),
		about,
		h("p.dim", facts.join(" · ")),
		one.reason && h("p", clip(one.reason, 1000)),
		one.revert && h("p.dim", `${numbered("revert", one.revert.number)}: ${published(one.revert.state)}`),
	);
}
