import { runnerImport } from 'vite';

/**
 * A command that is a script of bench/, which Node 20 cannot run by itself.
 * @param {string} name of the command, for what the script says of its arguments
 * @param {string} file under bench
 */
export function benchScript(name, file) {
  return {
    async run(args) {
      process.argv = [process.execPath, name, ...args];
      await runnerImport(`./bench/${file}`, { configFile: false });
      process.exit();
    },
  };
}
