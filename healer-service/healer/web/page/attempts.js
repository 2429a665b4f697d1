/**
 * The attempts to heal an incident, and what an event changes in them before the API tells the same (web/attempts.py).
 */

const blank = { round: 0, asked: "", why: "", states: [], stages: [], judged: 0, stood: 0 };

/** Oldest first, never empty. */
export const attemptsOf = ({ attempts, attempt = 1, stages = [] }) => attempts ?? [{ ...blank, number: attempt, stages }];

function finished(stages, { stage, seconds, detail }) {
	const at = stages.findLastIndex((one) => one.stage === stage && one.state === "running");
	return at < 0 ? stages : stages.with(at, { ...stages[at], state: detail ? "failed" : "done", seconds, detail });
}

const CHANGES = {
	"incident.state": ({ states }, { to }, at) => ({ states: [...states, { state: to, at }] }),
	"stage.started": ({ stages }, { stage }, at) => ({
		stages: [...stages.filter((one) => one.stage !== stage), { stage, started_at: at, seconds: null, state: "running" }],
	}),
	"stage.finished": ({ stages }, payload) => ({ stages: finished(stages, payload) }),
	"candidate.judged": ({ judged, stood }, { accepted }) => ({ judged: judged + 1, stood: stood + Number(accepted) }),
	"round.started": (_, { round, asked }) => ({ next: { round, asked } }),
};

/** → the attempts after the event. */
export function carried(attempts, { type, payload = {}, timestamp }) {
	const last = attempts.at(-1);
	if (type === "incident.state" && payload.to === "open") {
		const states = [{ state: "open", at: timestamp }];
		return [...attempts, { ...blank, ...last.next, number: last.number + 1, why: payload.reason, states }];
	}
	return CHANGES[type] ? attempts.with(-1, { ...last, ...CHANGES[type](last, payload, timestamp) }) : attempts;
}
