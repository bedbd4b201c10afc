using System;
using System.Reflection;
using System.ServiceProcess;

namespace HypervCsi.ServiceHost
{
    /// <summary>
    /// Does to the service what the service manager does: starts it, and at the end of the input stops it. Prints what it
    /// accepts besides, as far as the class library knows that.
    /// </summary>
    internal static class ServiceProbe
    {
        public static int Main(string[] args)
        {
            using (AgentService service = new AgentService(HostOptions.Parse(args)))
            {
                Call(service, "OnStart", new object[] { new string[0] });
                Console.Out.WriteLine("started " + service.ServiceName + " shutdown " + service.CanShutdown);
                while (Console.In.ReadLine() != null)
                {
                }
                Call(service, "OnStop", new object[0]);
                Console.Out.WriteLine("stopped " + service.ExitCode);
                return 0;
            }
        }

        private static void Call(ServiceBase service, string method, object[] arguments)
        {
            service.GetType().GetMethod(method, BindingFlags.Instance | BindingFlags.NonPublic).Invoke(service, arguments);
        }
    }
}
