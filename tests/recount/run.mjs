// Runs the recount in Node: tasks come as lines of JSON, each answered by one line of JSON.
//   {"contest", "eid", "ballots", "rules"?}    the outcome as text under the contest's rule, or under each of the rules
//   {"bundle": path, "seconds"?}               the report, or where the bundle is wrong
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const program = await import(process.argv[2]);
const text = new TextDecoder();

function count({ contest, eid, ballots, rules = [contest.rule] }) {
	const outcomes = rules.map((rule) => program.outcomeOf({ ...contest, rule }, eid, ballots));
	return { outcomes: outcomes.map((outcome) => text.decode(program.encode(outcome))) };
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
