const { spawn } = require('node:child_process');
const script = "import os; os.write(3, b'hello node, from python\\n')";
const child = spawn('python3', ['-c', script], { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] });
child.stdio[3].on('data', (data) => process.stdout.write(data));
child.on('exit', (code) => console.log(`the child exited with code ${code}`));
