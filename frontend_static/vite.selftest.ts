import { defineConfig } from "vite";

// The sealing program's self-test as one file, for Node and for a browser without any page of ours.
export default defineConfig({
	publicDir: false,
	build: {
		lib: { entry: "src/crypto/selftest.ts", formats: ["es"], fileName: "selftest" },
		minify: false,
		target: "es2022",
	},
});
