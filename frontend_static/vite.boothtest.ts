import { defineConfig } from "vite";

// What the pages of the vote calculate, without any page: for tests in Node.
export default defineConfig({
	publicDir: false,
	build: {
		lib: {
			entry: { choice: "src/voting/choice.ts", payload: "src/crypto/payload.ts", tasks: "src/voting/tasks.ts" },
			formats: ["es"],
		},
		minify: false,
		target: "es2022",
	},
});
