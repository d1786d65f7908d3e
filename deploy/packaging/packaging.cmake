# What is installed, and the packages that CPack makes of it: a .deb (component
# `debian` beside `program`) and a .tar.gz (component `portable` beside it).
# Both are the same bit for bit whenever SOURCE_DATE_EPOCH is.

option(LEAK_EXPORTER_PACKAGING "Install man page, units and all, for packages" OFF)
if(NOT LEAK_EXPORTER_PACKAGING)
  install(TARGETS leak_exporter COMPONENT program)
  return()
endif()

set(LEAK_EXPORTER_PACKAGE_VERSION "" CACHE STRING "Version of the packages; empty is the project's")
set(package_version "${LEAK_EXPORTER_PACKAGE_VERSION}")
if(NOT package_version)
  set(package_version ${PROJECT_VERSION})
endif()

find_program(SCDOC scdoc REQUIRED)
find_program(GZIP gzip REQUIRED)

set(here ${PROJECT_SOURCE_DIR}/deploy)
set(made ${PROJECT_BINARY_DIR}/packaging)

# Paths of the build must not get into the program.
target_compile_options(leak_build_options INTERFACE
  -ffile-prefix-map=${PROJECT_SOURCE_DIR}=. -ffile-prefix-map=${PROJECT_BINARY_DIR}=.)

# Both TIMESTAMP and scdoc go by SOURCE_DATE_EPOCH; gzip -n keeps no time.
string(TIMESTAMP changelog_date "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(${here}/packaging/debian/changelog.in ${made}/changelog @ONLY)
add_custom_command(
  OUTPUT ${made}/leak_exporter.1.gz
  COMMAND sh -c "\"$1\" < \"$2\" | \"$3\" -9n > \"$4\"" sh
    ${SCDOC} ${here}/man/leak_exporter.1.scd ${GZIP} ${made}/leak_exporter.1.gz
  DEPENDS ${here}/man/leak_exporter.1.scd
  VERBATIM)
add_custom_command(
  OUTPUT ${made}/changelog.gz ${made}/CHANGELOG.md.gz
  COMMAND sh -c "\"$1\" -9nc \"$2\" > \"$3\"" sh
    ${GZIP} ${made}/changelog ${made}/changelog.gz
  COMMAND sh -c "\"$1\" -9nc \"$2\" > \"$3\"" sh
    ${GZIP} ${PROJECT_SOURCE_DIR}/CHANGELOG.md ${made}/CHANGELOG.md.gz
  DEPENDS ${made}/changelog ${PROJECT_SOURCE_DIR}/CHANGELOG.md
  VERBATIM)
add_custom_target(leak_exporter_documents ALL
  DEPENDS ${made}/leak_exporter.1.gz ${made}/changelog.gz)

# Both packages.
install(TARGETS leak_exporter COMPONENT program)
install(FILES ${made}/leak_exporter.1.gz DESTINATION share/man/man1 COMPONENT program)
install(FILES ${here}/completions/leak_exporter.bash
  DESTINATION share/bash-completion/completions RENAME leak_exporter COMPONENT program)
install(FILES ${here}/completions/leak_exporter.zsh
  DESTINATION share/zsh/vendor-completions RENAME _leak_exporter COMPONENT program)
install(FILES ${here}/completions/leak_exporter.fish
  DESTINATION share/fish/vendor_completions.d COMPONENT program)
install(DIRECTORY ${here}/prometheus/rules ${here}/prometheus/fleet
  DESTINATION share/leak-exporter/prometheus COMPONENT program)
install(FILES ${here}/prometheus/prometheus.yml ${here}/prometheus/runbook.md
  DESTINATION share/leak-exporter/prometheus COMPONENT program)
install(FILES ${here}/alertmanager/alertmanager.yml
  DESTINATION share/leak-exporter/alertmanager COMPONENT program)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/grafana/dashboards ${PROJECT_SOURCE_DIR}/grafana/provisioning
  DESTINATION share/leak-exporter/grafana COMPONENT program)

set(units ${here}/systemd/leak-exporter.service ${here}/systemd/leak-exporter.socket)
set(drop_ins ${here}/systemd/leak-exporter.service.d/private-network.conf
  ${here}/systemd/leak-exporter.service.d/freeze.conf)
set(example ${PROJECT_SOURCE_DIR}/config/leak_exporter.example.yml)

# install_configuration(<component> <prefix>): what an administrator edits.
function(install_configuration component prefix)
  install(FILES ${here}/packaging/leak_exporter.yml
    DESTINATION ${prefix}etc/leak_exporter COMPONENT ${component})
  install(FILES ${here}/packaging/debian/default
    DESTINATION ${prefix}etc/default RENAME leak-exporter COMPONENT ${component})
endfunction()

install_configuration(debian /)
install(FILES ${units} DESTINATION /lib/systemd/system COMPONENT debian)
install(FILES ${here}/packaging/debian/copyright ${made}/changelog.gz ${made}/CHANGELOG.md.gz
  DESTINATION share/doc/leak-exporter COMPONENT debian)
install(FILES ${example} ${drop_ins}
  DESTINATION share/doc/leak-exporter/examples COMPONENT debian)

# CPack leaves absolute destinations out of an archive, so it has its own.
install_configuration(portable "")
install(FILES ${units} DESTINATION lib/systemd/system COMPONENT portable)
install(FILES ${example} ${drop_ins} DESTINATION examples COMPONENT portable)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md
  DESTINATION . COMPONENT portable)

set(CPACK_GENERATOR DEB TGZ)
set(CPACK_PROJECT_CONFIG_FILE ${here}/packaging/generators.cmake)
set(CPACK_PACKAGE_NAME leak-exporter)
set(CPACK_PACKAGE_VERSION ${package_version})
set(CPACK_PACKAGE_VENDOR "leak_exporter developers")
set(CPACK_PACKAGE_CONTACT "leak_exporter developers <leak-exporter@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Prometheus exporter that shows what applications leak")
set(CPACK_PACKAGE_DESCRIPTION_FILE ${here}/packaging/description.txt)
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_HOMEPAGE "https://example.org/leak_exporter")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser")
set(CPACK_DEBIAN_PACKAGE_PREDEPENDS "init-system-helpers (>= 1.54~)")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${here}/packaging/debian/conffiles
  ${here}/packaging/debian/postinst ${here}/packaging/debian/prerm ${here}/packaging/debian/postrm)
include(CPack)
