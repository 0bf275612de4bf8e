const { fork } = require('node:child_process');
if (process.argv[2] === 'child') {
  process.on('message', (text) => process.send(`you said: ${text}`));
} else {
  const child = fork(__filename, ['child']);
  child.on('message', (text) => {
    console.log(`the child answered: ${text}`);
    child.disconnect();
  });
  child.send('hello child process');
  child.on('exit', (code) => console.log(`the child exited with code ${code}`));
}
