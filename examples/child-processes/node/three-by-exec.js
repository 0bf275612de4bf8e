const { exec } = require('node:child_process');
for (let i = 0; i < 3; i++) {
  exec(`echo Child process ${i} executed.`, (error, stdout) => {
    process.stdout.write(stdout);
  });
}
