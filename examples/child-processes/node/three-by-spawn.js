const { spawn } = require('node:child_process');
for (let i = 0; i < 3; i++) {
  const child = spawn('echo', [`Child process ${i} executed.`]);
  child.stdout.on('data', (data) => process.stdout.write(data));
  child.on('close', (code) => console.log(`child exited with code ${code}`));
}
