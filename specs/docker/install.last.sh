%if %{with integration_tests}
# The tests with the sources, but without upstream's other binaries.
install -d %{buildroot}%{testdir}/bin
cp -ar %{docker_builddir} %{buildroot}%{testdir}/src
install -D -p -m0755 %{SOURCE900} %{buildroot}%{testdir}/docker-integration.sh
rm -rfv %{buildroot}%{testdir}/src/bundles/
%endif

%fdupes %{buildroot}
