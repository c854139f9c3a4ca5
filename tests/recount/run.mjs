// Runs the recount in Node: tasks come as lines of JSON, each answered by one line of JSON.
//   {"contest", "eid", "ballots", "seconds"?}  the outcome as text, and how long it took
//   {"bundle": path, "seconds"?}               the report, or where the bundle is wrong
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const program = await import(process.argv[2]);
const text = new TextDecoder();

function count({ contest, eid, ballots, seconds = 60 }) {
	const begun = performance.now();
	const outcome = program.outcomeOf(contest, eid, ballots, () => {
		if (performance.now() - begun > 1000 * seconds) throw new Error("too long");
	});
	return { outcome: text.decode(program.encode(outcome)), milliseconds: Math.round(performance.now() - begun) };
}

function check({ bundle, seconds = 60 }) {
	const said = [];
	try {
		const report = program.recount(new Uint8Array(readFileSync(bundle)), (each) => said.push(each), 1000 * seconds);
		return { report, said };
	} catch (error) {
		if (!(error instanceof program.Wrong)) throw error;
		return { wrong: [error.check, error.place], why: error.message };
	}
}

for await (const line of createInterface({ input: process.stdin })) {
	const task = JSON.parse(line);
	console.log(JSON.stringify(task.bundle ? check(task) : count(task)));
}
