/**
 * Holds the one event stream of all visible tabs, and hands every event to each of them once. What events mean is not decided here.
 *
 * It runs in a worker that the tabs share, or in a tab where there is no such worker. A tab says {here: true, last, epoch} when
 * it is visible, `last` being the id of the newest event it saw, or null; {here: false} when it is hidden; {here: false, out:
 * true} when it is signed out. It is told {events} (their JSON), {missed, last, epoch} when events since the newest it saw are
 * not known any more, {state: "live" | "reconnecting"}, and {refused} when the server refuses the stream.
 */

const STREAM = "/api/v1/events";
const KEPT = 2000; // events for tabs that were away
const LINGER_MS = 2000; // while the reader goes from one tab to another
const STALE_MS = 60_000; // after that it is quicker to ask the API than to read all that happened
const LONGEST_PAUSE_MS = 10_000;
const SILENT_MS = 40_000; // the server says something every 15 s: after that the connection is dead, though nobody closed it
const LOOK_MS = 5000;

export class Hub {
	#here = new Set();
	#ring = []; // [{id, text}], oldest first, everything after #from
	#from = null;
	#last = null;
	#epoch = 0; // grows when what was known is forgotten: ids of before may be those of other events
	#fresh = []; // texts that the tabs have not got yet
	#source = null;
	#state = ""; // nothing to say before the first connection
	#first = true; // no event came by this connection yet
	#tries = 0;
	#timer = 0;
	#heardAt = 0;
	#watching = 0;
	#leftAt = 0;

	join(port) {
		port.onmessage = ({ data }) => (data.here ? this.#enter(port, data) : this.#leave(port, data.out));
		port.onclose = () => this.#leave(port);
		port.postMessage({});
	}

	#enter(port, { last, epoch }) {
		this.#flush();
		this.#here.add(port);
		if (!this.#source) this.#open();
		else clearTimeout(this.#timer);
		this.#leftAt = 0;
		const same = epoch === this.#epoch && last !== null && this.#from !== null;
		const known = same && last >= this.#from && last <= this.#last;
		const missed = this.#ring.filter(({ id }) => id > last).map(({ text }) => text);
		const told = this.#last === null && this.#state !== "live"; // as soon as it is live, and not twice
		port.postMessage({ state: this.#state, ...(known ? { events: missed } : !told && this.#missed()) });
	}

	#leave(port, out = false) {
		if (!this.#here.delete(port) || this.#here.size) return;
		this.#leftAt = Date.now();
		clearTimeout(this.#timer);
		if (out) this.#close();
		else this.#timer = setTimeout(() => this.#close(), LINGER_MS);
	}

	#missed() {
		return { missed: true, last: this.#last, epoch: this.#epoch };
	}

	#tell(message) {
		this.#flush();
		for (const port of this.#here) port.postMessage(message);
	}

	#close() {
		clearTimeout(this.#timer);
		clearInterval(this.#watching);
		this.#source?.close();
		this.#source = null;
	}

	#open() {
		this.#close();
		const stale = this.#leftAt && Date.now() - this.#leftAt > STALE_MS;
		if (stale) this.#forget(null);
		this.#state = this.#tries ? "reconnecting" : "";
		const source = new EventSource(this.#last === null ? STREAM : `${STREAM}?after=${this.#last}`);
		this.#source = source;
		source.onopen = () => this.#live();
		source.onmessage = (message) => this.#receive(Number(message.lastEventId), message.data);
		source.addEventListener("alive", () => this.#heard());
		source.onerror = () => this.#broken();
		this.#heard();
		this.#watching = setInterval(() => Date.now() - this.#heardAt > SILENT_MS && this.#silent(), LOOK_MS);
	}

	#heard() {
		this.#heardAt = Date.now();
	}

	#silent() {
		this.#tries += 1;
		this.#open();
		this.#tell({ state: this.#state });
	}

	#live() {
		// After a break the healer may have another log, one that was put back: no id of its events tells.
		const unknown = this.#last === null || this.#tries > 0;
		if (unknown) this.#forget(this.#last);
		this.#heard();
		this.#tries = 0;
		this.#first = true;
		this.#state = "live";
		this.#tell({ state: "live", ...(unknown && this.#missed()) });
	}

	/** The browser tries again once by itself, after the pause that the server asks for; then it is tried in growing ones. */
	#broken() {
		this.#state = "reconnecting";
		const given = this.#source.readyState === EventSource.CLOSED;
		this.#tell({ state: "reconnecting", refused: given });
		this.#tries += 1;
		if (!given && this.#tries === 1) return;
		this.#close();
		const pause = Math.min(LONGEST_PAUSE_MS, 1000 * 2 ** this.#tries);
		this.#timer = setTimeout(() => this.#here.size && this.#open(), pause * (0.5 + Math.random() / 2));
	}

	#receive(id, text) {
		this.#heard();
		if (this.#last !== null && id <= this.#last) {
			if (!this.#first) return;
			this.#forget(id - 1); // the healer has another log now
			this.#tell(this.#missed());
		}
		this.#first = false;
		this.#from ??= id - 1;
		this.#last = id;
		this.#ring.push({ id, text });
		if (this.#ring.length > 2 * KEPT) this.#ring = this.#ring.slice(-KEPT);
		this.#from = Math.max(this.#from, this.#ring[0].id - 1);
		if (this.#fresh.push(text) === 1) setTimeout(() => this.#flush());
	}

	#forget(last) {
		this.#epoch += 1;
		this.#ring = [];
		this.#from = last;
		this.#last = last;
	}

	#flush() {
		const events = this.#fresh;
		this.#fresh = [];
		if (!events.length) return;
		for (const port of this.#here) port.postMessage({ events });
	}
}
