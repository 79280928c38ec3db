"""slang -Wextra on the files named, as pyslang runs it: ends with 1 when there is an error or a warning."""
import sys
from pyslang.driver import Driver

driver = Driver()
driver.addStandardArgs()
good = driver.parseCommandLine(' '.join(['slang', '-Wextra', '-Werror', *sys.argv[1:]]))
good = good and driver.processOptions() and driver.parseAllSources()
if good:
    compilation = driver.createCompilation()
    driver.reportCompilation(compilation, True)
    driver.runAnalysis(compilation)
sys.exit(0 if driver.reportDiagnostics(True) and good else 1)
