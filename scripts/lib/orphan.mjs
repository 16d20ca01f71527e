/**
 * npm puts a shell between itself and a script, and that shell dies of a SIGTERM without passing it on. Under npm, losing
 * the parent therefore counts as the signal; otherwise a killed `npm start` would go on serving.
 */
export function endWithParent() {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, 200);
  timer.unref();
}
