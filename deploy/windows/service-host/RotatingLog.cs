using System;
using System.IO;
using System.Text;

namespace HypervCsi.ServiceHost
{
    /// <summary>
    /// What the agent writes, in agent.log; a full one becomes agent.1.log, and so on. A disk that is full or a file
    /// that somebody holds loses lines, never the agent.
    /// </summary>
    internal sealed class RotatingLog
    {
        private const long MostBytes = 10 * 1024 * 1024;
        private const int MostFiles = 10;

        private readonly object gate = new object();
        private readonly string directory;
        private readonly UTF8Encoding encoding = new UTF8Encoding(false);

        public RotatingLog(string directory)
        {
            this.directory = directory;
        }

        public void Write(string line)
        {
            lock (gate)
            {
                try
                {
                    Directory.CreateDirectory(directory);
                    FileInfo file = new FileInfo(PathOf(0));
                    if (file.Exists && file.Length >= MostBytes) Rotate();
                    File.AppendAllText(PathOf(0), line + Environment.NewLine, encoding);
                }
                catch (IOException)
                {
                }
                catch (UnauthorizedAccessException)
                {
                }
            }
        }

        private void Rotate()
        {
            File.Delete(PathOf(MostFiles - 1));
            for (int number = MostFiles - 2; number >= 0; number--)
            {
                if (File.Exists(PathOf(number))) File.Move(PathOf(number), PathOf(number + 1));
            }
        }

        private string PathOf(int number)
        {
            return Path.Combine(directory, number == 0 ? "agent.log" : "agent." + number + ".log");
        }
    }
}
