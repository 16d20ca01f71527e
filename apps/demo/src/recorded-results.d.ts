declare module 'virtual:recorded-results' {
  const recorded: import('./recorded.ts').RecordedComparison;
  export default recorded;
}

declare module 'virtual:recorded-study' {
  const recorded: import('./recorded.ts').RecordedStudy;
  export default recorded;
}
