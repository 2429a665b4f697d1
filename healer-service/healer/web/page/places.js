/**
 * What an address names, and what the reader left behind at others, so that going back is at once. It asks and draws nothing.
 */

import { views } from "./views.js";

const KEPT = 30;
const left = new Map(); // address → {data, added, keep, scroll} of the places that were left last, oldest first

/** What the address names, before anything is known of it. Its view may be still to come. */
export function placeOf({ pathname, search }) {
	const kind = views.find(({ at }) => at.test(pathname));
	const problem = kind ? null : new Error("There is nothing at this address.");
	// `added`: what more() brought; `fresh`: nothing is drawn yet; `moved`: the reader came from another path;
	// `whole`: no event between the data and now is missing; `cached`: the data is that of when the place was left.
	const empty = { data: null, added: {}, keep: {}, fresh: true, moved: false, whole: false, cached: false };
	return prepared({ address: pathname + search, pathname, kind, problem, view: null, ...empty });
}

function prepared(place) {
	const view = place.kind?.view;
	return view ? Object.assign(place, { view, params: view.match(new URL(place.address, location.origin)) }) : place;
}

/** Sees to it that the view is there. */
export async function prepare(place) {
	const { kind } = place;
	kind.view ??= (await kind.module()).view;
	prepared(place);
}

/** The place that the address names now, coming from `before`; `back`: as the reader left it. */
export function following(before, back) {
	const { kind, pathname, data, added, keep, cached } = before;
	if (data) remember(before.address, { data, added, keep, scroll: window.scrollY });
	clearTimeout(before.timer);
	const place = placeOf(location);
	const same = kind === place.kind && pathname === place.pathname; // only its query is another: filters
	const known = left.get(place.address) ?? {};
	Object.assign(place, same && { data, added, keep, cached, fresh: false });
	Object.assign(place, known.data && { data: known.data, added: known.added, cached: true });
	if (same) return place;
	return Object.assign(place, { moved: true }, back && known.keep && { keep: known.keep, scroll: known.scroll });
}

function remember(address, what) {
	left.delete(address);
	left.set(address, what);
	if (left.size > KEPT) left.delete(left.keys().next().value);
}

/** Nothing of what was seen is shown to who signs in next. */
export function forget() {
	left.clear();
}
