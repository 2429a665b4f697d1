/**
 * Keeps the page's one event stream open and continues it where it broke off. What the events mean is not decided here.
 */

const STREAM = "/api/v1/events";
const AGAIN_MS = 2000;

export class Stream {
	#source = null;
	#wanted = false;
	#last = null; // id of the newest event seen
	#timer = 0;

	/** `onEvent(event)` for each event, rarely twice; `onState("live" | "reconnecting" | "off")`; `onRefused()` when the server refuses the stream. */
	constructor({ onEvent, onState, onRefused }) {
		Object.assign(this, { onEvent, onState, onRefused });
		// A browser allows six connections to a server over HTTP/1.1: streams of hidden tabs would starve the seventh tab.
		document.addEventListener("visibilitychange", () => this.#adjust());
	}

	start() {
		if (this.#wanted) return;
		this.#wanted = true;
		this.#adjust();
	}

	stop() {
		this.#wanted = false;
		this.#close();
		this.onState("off");
	}

	#adjust() {
		if (!this.#wanted) return;
		if (document.visibilityState === "hidden") this.#close();
		else if (!this.#source) this.#open();
	}

	#close() {
		clearTimeout(this.#timer);
		this.#source?.close();
		this.#source = null;
	}

	#open() {
		this.#close();
		// The browser repeats Last-Event-ID when it reconnects by itself; a new stream says it in the address.
		const source = new EventSource(this.#last === null ? STREAM : `${STREAM}?after=${this.#last}`);
		this.#source = source;
		source.onopen = () => this.onState("live");
		source.onmessage = (message) => this.#receive(message);
		source.onerror = () => {
			this.onState("reconnecting");
			if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
			this.#close();
			this.onRefused();
			this.#timer = setTimeout(() => this.#adjust(), AGAIN_MS);
		};
	}

	#receive(message) {
		let event;
		try {
			event = JSON.parse(message.data);
		} catch {
			return; // a broken line must not end the stream
		}
		this.#last = event.id;
		this.onEvent(event);
	}
}
