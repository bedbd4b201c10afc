import { defineConfig } from "eslint/config";
import prettier from "eslint-config-prettier";
import tseslint from "typescript-eslint";

export default defineConfig(
  { ignores: ["node_modules/", "dist/", ".cache/", "src/*/generated/", "**/*.js", "**/*.mjs"] },
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "no-restricted-globals": [
        "error",
        { name: "parseInt", message: "Sizes are bigint and other numbers are validated: use kit/sizes." },
      ],
      "no-restricted-properties": [
        "error",
        { object: "process", property: "platform", message: "Take a platform, by default kit/platform's." },
        {
          object: "AbortSignal",
          property: "any",
          message: "Node leaks those made of others: use kit/budget's within.",
        },
      ],
      "no-restricted-syntax": [
        "error",
        {
          selector: "BinaryExpression > Literal[value=/^(win32|linux|darwin)$/]",
          message: "kit/platform tells systems apart.",
        },
      ],
      "no-restricted-imports": [
        "error",
        {
          paths: ["os", "node:os"].map((name) => ({
            name,
            importNames: ["platform", "type"],
            message: "Take a platform, by default kit/platform's.",
          })),
        },
      ],
      "max-lines": ["error", { max: 450 }],
      eqeqeq: "error",
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true, allow: [{ name: "bigint", from: "lib" }] },
      ],
      "@typescript-eslint/consistent-type-definitions": ["error", "interface"],
      "@typescript-eslint/dot-notation": "off",
      "@typescript-eslint/prefer-nullish-coalescing": ["error", { ignorePrimitives: { string: true } }],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
    },
  },
  {
    // The one place that asks what the system is.
    files: ["src/kit/platform.ts"],
    rules: { "no-restricted-properties": "off", "no-restricted-syntax": "off" },
  },
  {
    files: ["test/**"],
    rules: {
      "no-restricted-properties": "off",
      "no-restricted-syntax": "off",
      "@typescript-eslint/no-unused-expressions": "off",
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
  prettier,
);
