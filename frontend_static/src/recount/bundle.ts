// A whole bundle, gone through and counted again: what of docs/schemas/bundle.md section 9 a browser does.
//
// Not here: proofs of sealed ballots, the shuffle and its decryption, who may sign what, the process before the vote.
// These take `pb-verify`. What is checked here holds for every bundle: nothing in it was changed since it was signed.
import { sha256 } from "@noble/hashes/sha2.js";
import { b64u, hex, same } from "../crypto/bytes";
import { decode, encode, type Json } from "../crypto/canonical";
import { readBallots } from "./ballots";
import { members as membersOf } from "./container";
import { type ListedContest, type Manifest, readManifest } from "./manifest";
import { isCounted, outcomeOf } from "./outcome";
import { checkOrder, isOfRecord, readRecord, signedBy } from "./record";
import { holds, Wrong } from "./wrong";

/** What the recount says of a contest: the same outcome byte for byte, another one, or none and why. */
export type Verdict = "equal" | "differs" | "rule" | "long";

export interface Counted {
	id: string;
	/** The contest's name in each language that it has. */
	title: [string, string][];
	verdict: Verdict;
	ballots: number;
	/** Of the outcome counted here; of the published one if none was. */
	winners: string[];
	milliseconds: number;
}

/** What is done at the moment: the files, or a contest of so many, at a step of raising. */
export type Said = { stage: "files" } | { stage: "contest"; at: number; of: number; increments: number };

export interface Report {
	fingerprint: string;
	mode: string;
	size: number;
	contests: Counted[];
}

class TooLong extends Error {}

/** Check a bundle and count each contest again, for at most so long each. Throws Wrong where the bundle is wrong. */
export function recount(file: Uint8Array, say: (said: Said) => void, most = 60_000): Report {
	say({ stage: "files" });
	const members = membersOf(file);
	const member = (name: string): Uint8Array => {
		const data = members.get(name);
		if (data === undefined) throw new Wrong("files", name, "it is missing");
		return data;
	};
	const manifest = readManifest(member("manifest.json"));
	const entries = readRecord(members, manifest);
	if (!manifest.sealed) checkOrder(entries, manifest);
	const hashed = (name: string, expected: Json | undefined): Uint8Array => {
		const data = member(name);
		if (b64u(sha256(data)) !== expected) throw new Wrong("files", name, "its hash is not the one that was signed");
		return data;
	};
	hashed("manifest.json", signedBy(entries, manifest, "manifest").f);
	signedBy(entries, manifest, "close");
	const files = manifest.contests.map((contest) => {
		const { bal, out } = signedBy(entries, manifest, "result", contest.id);
		return {
			contest,
			title: titleOf(hashed(`lists/${contest.id}.json`, contest.list), contest),
			ballots: hashed(`ballots/${contest.id}.json`, bal),
			outcome: hashed(`outcomes/${contest.id}.json`, out),
		};
	});
	checkNames(members, manifest);
	const contests = files.map(({ contest, title, ballots, outcome }, at): Counted => {
		const told = (increments: number): void => say({ stage: "contest", at, of: files.length, increments });
		told(0);
		const read = readBallots(ballots, contest, manifest);
		const begun = performance.now();
		let verdict: Verdict = "rule";
		let document = holds("files", `outcomes/${contest.id}.json`, () => decode(outcome)) as { winners: number[] };
		if (isCounted(contest)) {
			try {
				const found = outcomeOf(contest, manifest.eid, read, (increments) => {
					if (performance.now() - begun > most) throw new TooLong();
					told(increments);
				});
				verdict = same(encode(found), outcome) ? "equal" : "differs";
				document = found as unknown as { winners: number[] };
			} catch (error) {
				if (!(error instanceof TooLong)) throw new Wrong("manifest", `contest ${contest.id}`, String(error));
				verdict = "long";
			}
		}
		const winners = document.winners.map((number) => contest.pro[number]?.[0] ?? "");
		const milliseconds = Math.round(performance.now() - begun);
		return { id: contest.id, title, verdict, ballots: read.length, winners, milliseconds };
	});
	return { fingerprint: manifest.fingerprint, mode: manifest.mode, size: entries.length, contests };
}

/** The name of a contest in its list of projects, which must be that of the manifest. */
function titleOf(data: Uint8Array, contest: ListedContest): [string, string][] {
	const name = `lists/${contest.id}.json`;
	const list = holds("files", name, () => decode(data)) as { contest: string; projects: { id: string }[]; title: Json };
	const ids = holds("files", name, () => list.projects.map(({ id }) => id));
	if (list.contest !== contest.id || ids.length !== contest.pro.length)
		throw new Wrong("files", name, "of another contest");
	if (ids.some((id, at) => id !== contest.pro[at]?.[0])) throw new Wrong("files", name, "of other projects");
	const title = list.title as [string, string][];
	const texts = Array.isArray(title) && title.every((each) => Array.isArray(each) && each.length === 2);
	if (!texts || !title.flat().every((text) => typeof text === "string")) throw new Wrong("files", name, "no title");
	return title;
}

/** In mode `open` no member is in the bundle that nothing names; a file of the process is named by its hash. */
function checkNames(members: Map<string, Uint8Array>, manifest: Manifest): void {
	const known = new Set(["manifest.json"]);
	for (const { id } of manifest.contests)
		for (const folder of ["lists", "ballots", "outcomes"]) known.add(`${folder}/${id}.json`);
	for (const [name, data] of members) {
		if (known.has(name) || isOfRecord(name)) continue;
		const hash = /^process\/([0-9a-f]{64})\.json$/.exec(name)?.[1];
		if (hash !== undefined && hex(sha256(data)) !== hash) throw new Wrong("files", name, "its hash is not its name");
		if (hash === undefined && !manifest.sealed) throw new Wrong("files", name, "nothing names it");
	}
}
