console.log(`Child process ${process.argv[2]} executed.`);
