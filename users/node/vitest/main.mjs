// Tests under vitest: a custom source of fixed credentials, fake timers, and a session that
// refreshes.
// framework: vitest
// sets: 3
// run: vitest run --root . --testTimeout 60000
