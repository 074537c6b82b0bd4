import tseslint from "typescript-eslint";

export default tseslint.config(
  // generated from the table in abi/ and from the scripts in share/, and checked there for freshness
  { ignores: ["dist", "src/library/abi-generated.ts", "src/share/scripts-generated.ts"] },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      // a module prefers its own words to `toString` on numbers in messages
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
    },
  },
  { files: ["**/*.mjs"], ...tseslint.configs.disableTypeChecked },
);
