const { fork } = require('node:child_process');
for (let i = 0; i < 3; i++) {
  const child = fork(`${__dirname}/support.js`, [i]);
  child.on('close', (code) => console.log(`child exited with code ${code}`));
}
