/**
 * This tab's side of the event stream that all tabs share (see hub.js): it has every event once, while the tab is visible.
 */

import { Hub } from "./hub.js"; // at hand when the worker is not: after an upgrade its address is gone

const PATIENCE_MS = 3000;

export class Events {
	live = false; // whatever happens from now on comes as an event
	#port = null;
	#wanted = false;
	#last = null; // id of the newest event seen
	#epoch = null; // of the hub, to which that belongs

	/**
	 * `onEvents(events)`, oldest first; `onMissed()` when there were some that do not come; `onState("live" | "reconnecting" |
	 * "off")`; `onRefused()` when the server refuses the stream.
	 */
	constructor({ onEvents, onMissed, onState, onRefused }) {
		Object.assign(this, { onEvents, onMissed, onState, onRefused });
		document.addEventListener("visibilitychange", () => this.#say(!document.hidden));
		window.addEventListener("pagehide", () => this.#say(false));
		window.addEventListener("pageshow", () => this.#say(!document.hidden));
	}

	async start() {
		if (this.#wanted) return;
		this.#wanted = true;
		this.#port ??= await shared().catch(own);
		this.#port.onmessage = ({ data }) => this.#wanted && this.#hear(data);
		this.#say(!document.hidden);
	}

	stop() {
		this.#port?.postMessage({ here: false, out: true });
		this.#wanted = false;
		this.live = false;
		this.onState("off");
	}

	#say(here) {
		if (!here) this.live = false;
		if (this.#wanted) this.#port?.postMessage({ here, last: this.#last, epoch: this.#epoch });
	}

	#hear({ events = [], missed, last, epoch, state, refused }) {
		if (state !== undefined) this.live = state === "live" && !document.hidden;
		if (missed) [this.#last, this.#epoch] = [last, epoch];
		const fresh = events.map(parsed).filter((event) => event && event.id > (this.#last ?? -1));
		if (fresh.length) {
			this.#last = fresh.at(-1).id;
			this.onEvents(fresh);
		}
		if (missed) this.onMissed();
		if (state) this.onState(state);
		if (refused) this.onRefused();
	}
}

/** What cannot be read must not end the stream. */
function parsed(text) {
	try {
		return JSON.parse(text);
	} catch {
		return null;
	}
}

function shared() {
	return new Promise((resolve, reject) => {
		// Its address holds the page's version: tabs of another version have another worker.
		const worker = new SharedWorker(new URL("./worker.js", import.meta.url), { type: "module" });
		worker.onerror = reject;
		setTimeout(reject, PATIENCE_MS);
		worker.port.onmessage = () => resolve(worker.port);
	});
}

/** Where there is no worker to share, a visible tab has a stream of its own. */
function own() {
	const { port1, port2 } = new MessageChannel();
	new Hub().join(port1);
	return port2;
}
