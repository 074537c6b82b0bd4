export default function setup(): void {
  // filled in by the tests that need a server
}
